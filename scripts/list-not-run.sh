#!/usr/bin/env bash
# list-not-run.sh COMMAND...: runs a command, then lists the checks and tests that could not run,
# one line each: "not run: WHAT: REASON".
set -euo pipefail

CANOPY_NOT_RUN=$(mktemp)
export CANOPY_NOT_RUN
status=0
"$@" || status=$?
if [ -s "$CANOPY_NOT_RUN" ]; then
    echo
    sort -u "$CANOPY_NOT_RUN" | sed 's/^/not run: /'
fi
rm "$CANOPY_NOT_RUN"
exit "$status"
