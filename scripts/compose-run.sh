#!/usr/bin/env bash
# Runs a one-off service of docker-compose.yml, after building its image quietly:
#
#   compose-run.sh evaluation|model ARGUMENT...    `docker compose run --rm ARGUMENT...`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

service=${1:?"usage: compose-run.sh SERVICE ARGUMENT..."}
shift

build() {
    docker compose --profile "$service" build "$@" "$service"
}

if ! docker image inspect "canopy-$service:local" >/dev/null 2>&1; then
    echo "building the image of $service, which takes minutes the first time" >&2
fi
# A failed build is repeated with output, to show the reason.
build --quiet >/dev/null || build
exec docker compose run --rm "$@"
