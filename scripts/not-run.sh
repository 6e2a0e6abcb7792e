#!/usr/bin/env bash
# not-run.sh [--allowed] WHAT REASON: says that a check did not run, because something it needs
# cannot be had here, and fails if nobody would hear of it. `make test` and `make verify` end with
# all of these lines; tests write theirs themselves (crates/test-support).
#
# With --allowed it does not fail: what is needed is neither in Debian nor on a package index, or it
# takes minutes to make.
#
# Environment:
#   CANOPY_NOT_RUN   the file to write the line into; without one it is an error
#   CANOPY_TESTS     required: it is an error all the same
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
