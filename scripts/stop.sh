#!/usr/bin/env bash
# Ends the host that start.sh started, and nothing else. Requests in flight are finished.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/running.sh
source scripts/running.sh

patience=40

if pid=$(running); then
    kill -TERM "$pid"
    deadline=$((SECONDS + patience))
    while running >/dev/null; do
        if ((SECONDS > deadline)); then
            echo "process $pid did not stop within $patience s, it is killed" >&2
            kill -KILL "$pid"
            break
        fi
        sleep 0.05
    done
    echo "Canopy stopped (process $pid)."
else
    echo "Canopy does not run; nothing to stop."
fi
rm -f "$state/pid" "$state/address"
