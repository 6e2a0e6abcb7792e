#!/usr/bin/env bash
# Runs the checks that take too long for `make test`, all of them even if some fail, then lists the
# checks and tests that could not run here, and the parts that failed:
#
#   scripts/verify.sh SECONDS [PACKAGE...]    seconds of fuzzing per target; packages to leave out
#                                             on this machine
#
# Environment:
#   CANOPY_TESTS   required: a test that cannot run is an error
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${CANOPY_NOT_RUN:-}" ]; then exec scripts/list-not-run.sh "$0" "$@"; fi

seconds=$1
shift
packages=(--release --workspace "${@/#/--exclude=}")
failed=()

# part NAME COMMAND...
part() {
    printf '\n== %s\n' "$1"
    "${@:2}" || failed+=("$1")
}

part "configuration of the stack" deployment/check.sh
part "dependencies" scripts/deny.sh
part "tests that need a tool" cargo test "${packages[@]}" --no-fail-fast -- --ignored
part "faults at full length" env CANOPY_CHAOS=full \
    cargo test "${packages[@]}" --test chaos -- --include-ignored --nocapture --test-threads=1
part "fuzzing" scripts/fuzz.sh "$seconds"
part "measurements beside peers" bench/run.py --quick

if [ ${#failed[@]} -gt 0 ]; then
    printf '\n'
    printf 'FAILED: %s\n' "${failed[@]}"
    exit 1
fi
