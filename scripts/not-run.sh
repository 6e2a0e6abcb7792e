#!/usr/bin/env bash
# not-run.sh [--allowed] WHAT REASON: records that a check did not run because something it needs
# is not available, and fails if nobody would notice. `make test` and `make verify` end with these
# lines; tests write their own (crates/test-support).
#
# With --allowed it does not fail: what is needed is in neither Debian nor a package index, or takes
# minutes to build.
#
# Environment:
#   CANOPY_NOT_RUN   the file to append the line to; without it, a check not run is an error
#   CANOPY_TESTS     required: it is always an error
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
