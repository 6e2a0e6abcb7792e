#!/usr/bin/env bash
# Checks the dependencies against deny.toml with cargo-deny: licences, sources, versions and,
# if their database is available, advisories. Compiles cargo-deny into .cache/deny first,
# which takes minutes.
#
#   scripts/deny.sh [--if-there]    --if-there: only if cargo-deny is already compiled
#
# Environment:
#   CANOPY_DENY   required: unchecked advisories are an error, for continuous integration
#                 with a network
set -euo pipefail

readonly version=0.20.2

cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly folder=.cache/deny/$version
readonly deny=$folder/bin/cargo-deny

not_run() {
    scripts/not-run.sh --allowed "$@"
    [ "${CANOPY_DENY:-}" != required ]
}

if ! [ -x "$deny" ]; then
    if [ "${1:-}" = --if-there ]; then
        not_run "dependencies" "cargo-deny is not there yet; make deny compiles it"
        exit
    fi
    echo "deny: compiling cargo-deny $version"
    cargo install cargo-deny --locked --version "$version" --root "$folder" --target-dir "$folder/target"
    rm -r "$folder/target"
fi

"$deny" --all-features check --hide-inclusion-graph licenses sources bans

if problem=$(timeout 120 "$deny" fetch db 2>&1); then
    "$deny" --all-features check --disable-fetch advisories
else
    not_run "advisories of dependencies" "their database cannot be fetched: $(tail -n 1 <<<"$problem")"
fi
