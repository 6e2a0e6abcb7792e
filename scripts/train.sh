#!/usr/bin/env bash
# Trains a model in a container, into the volumes of the stack that runs in containers:
#
#   train.sh [ARGUMENT...]    the arguments are those of `canopy-trainer train`
#
# Specification and data are files of this machine, readable for others than their owner: the
# folder of each is mounted read-only. What the specification names must be in its folder or below.
#
# Environment:
#   SPEC    the specification; default: model-wasm/specs/bike-sharing.toml
#   MODEL   its file name says what is replaced: bike-sharing.wasm (default) is what bike-api
#           serves and the retrainer replaces; NAME.wasm becomes the model NAME of bike-api
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

# A source that is a file is one of this machine.
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
