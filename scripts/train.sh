#!/usr/bin/env bash
# Trains a model in a container, into the volumes of the containerized stack:
#
#   train.sh [ARGUMENT...]    arguments of `canopy-trainer train`
#
# Specification and data are files on this machine that other users can read; their folders are
# mounted read-only. Files named by the specification must be in its folder or below.
#
# Environment:
#   SPEC    the specification; default: model-wasm/specs/bike-sharing.toml
#   MODEL   file name that says what to replace: bike-sharing.wasm (default) is the model of
#           bike-api and the retrainer; NAME.wasm becomes the model NAME of bike-api
set -euo pipefail

spec=${SPEC:-model-wasm/specs/bike-sharing.toml}
name=$(basename "${MODEL:-models/bike-sharing.wasm}")
mounts=()
arguments=()

main() {
    case $name in
        bike-sharing.wasm) output=/models/$name ;;
        ?*.wasm) output=/versions/$name ;;
        *) fail "MODEL is '$name': expected a file NAME.wasm" ;;
    esac
    mount SPEC "$spec" /spec
    while [ $# -gt 0 ]; do
        case $1 in
            --data)
                data "${2:-}"
                shift
                ;;
            --data=*) data "${1#*=}" ;;
            *) arguments+=("$1") ;;
        esac
        shift
    done
    "$(dirname "${BASH_SOURCE[0]}")/compose-run.sh" model --no-deps "${mounts[@]}" model \
        train --spec "/spec/$(basename "$spec")" --output "$output" ${arguments[@]+"${arguments[@]}"}
    echo "bike-api takes it up within a second, if it runs; its log says so: docker compose logs bike-api"
}

# Mounts the source if it is a file on this machine.
data() {
    case $1 in
        '' | default | embedded) arguments+=(--data "$1") ;;
        *)
            mount --data "$1" /data
            arguments+=(--data "/data/$(basename "$1")")
            ;;
    esac
}

# mount NAME FILE FOLDER: mounts the folder of a file.
mount() {
    local folder
    [ -f "$2" ] || fail "$1 is '$2': there is no such file"
    folder=$(cd "$(dirname "$2")" && pwd)
    case $folder in *:*) fail "$1 is in '$folder': a folder with a colon cannot be mounted" ;; esac
    mounts+=(--volume "$folder:$3:ro")
}

fail() {
    echo "train: error: $*" >&2
    exit 1
}

main "$@"
