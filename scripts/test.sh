#!/usr/bin/env bash
# Runs every check and test of `make test`, then lists those that could not run here. Arguments are
# packages to leave out on this machine.
#
# Uses cargo-nextest if it is installed; tests that measure time then run alone
# (.config/nextest.toml).
#
# Environment:
#   CANOPY_TESTS   required: a test that cannot run is an error
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${CANOPY_NOT_RUN:-}" ]; then exec scripts/list-not-run.sh "$0" "$@"; fi

packages=(--release --workspace "${@/#/--exclude=}")
# A changed snapshot is an error and does not create a file.
export INSTA_UPDATE=${INSTA_UPDATE:-no}

if command -v python3 >/dev/null; then
    scripts/check-modules.py
else
    scripts/not-run.sh "circles of modules" "there is no python3"
fi
deployment/check.sh
scripts/deny.sh --if-there
# One failed test does not keep the others from running.
status=0
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run "${packages[@]}" --run-ignored all --no-fail-fast || status=$?
    cargo test "${packages[@]}" --doc --no-fail-fast || status=$?
else
    cargo test "${packages[@]}" --no-fail-fast -- --include-ignored || status=$?
fi
scripts/fuzz.sh 5 || status=$?
exit "$status"
