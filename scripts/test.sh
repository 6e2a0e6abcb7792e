#!/usr/bin/env bash
# Runs every check and test that `make test` runs, and then lists those that could not run here.
# Arguments are packages that are not for this machine.
#
# Environment:
#   CANOPY_TESTS   required: what cannot run is an error
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${CANOPY_NOT_RUN:-}" ]; then exec scripts/list-not-run.sh "$0" "$@"; fi

deployment/check.sh
scripts/deny.sh --if-there
cargo test --release --workspace "${@/#/--exclude=}" -- --include-ignored
scripts/fuzz.sh 5
