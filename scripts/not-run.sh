#!/usr/bin/env bash
# not-run.sh [--allowed] WHAT REASON: records that a check did not run because something it needs
# is not available, and fails if nobody would notice. `make test` and `make verify` end with these
# lines; tests write their own (crates/test-support).
#
# With --allowed it never fails. Three things are allowed not to run:
#
#   cargo-deny               scripts/deny.sh: takes minutes to compile, which `make test` does not wait
#                            for, and its advisories need a network. The workflows that run `make deny`
#                            set CANOPY_DENY=required, which makes both an error.
#   docker compose config    deployment/check.sh: Compose 2 is in neither Debian 12 nor a package
#                            index, and deployment/check-compose.py checks the same file.
#   measurements of peers    bench/run.py: programs of other projects do not show whether Canopy works.
#
# Environment:
#   CANOPY_NOT_RUN   the file to append the line to; without it, a check not run is an error
#   CANOPY_TESTS     required: it is always an error, unless it is allowed
set -euo pipefail

allowed=
if [ "$1" = --allowed ]; then
    allowed=yes
    shift
fi
read -r -d '' -a reason <<<"$2" || true
line="$1: ${reason[*]}"
list=${CANOPY_NOT_RUN:-}
if [ -z "$allowed" ] && { [ -z "$list" ] || [ "${CANOPY_TESTS:-}" = required ]; }; then
    echo "error: not run: $line" >&2
    exit 1
fi
if [ -n "$list" ]; then echo "$line" >>"$list"; else echo "not run: $line"; fi
