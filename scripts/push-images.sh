#!/usr/bin/env bash
# Builds the images of a release and pushes them to a registry to which docker is logged in:
#
#   push-images.sh build VERSION ARCHITECTURE      build and push the images for this machine's
#                                                  architecture, such as amd64, each as
#                                                  NAME:VERSION-ARCHITECTURE
#   push-images.sh join VERSION ARCHITECTURE...    join the images of the architectures, each as
#                                                  NAME:VERSION, and NAME:latest unless the
#                                                  version is a preview such as 0.2.0-rc.1
#
# Environment, as set by GitHub Actions:
#   GITHUB_REPOSITORY   OWNER/REPOSITORY; the images are ghcr.io/OWNER/canopy, canopy-retrainer
#                       and canopy-evaluation
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly usage="usage: push-images.sh build|join VERSION ARCHITECTURE..."
action=${1:?$usage}
version=${2:?$usage}
shift 2
[ $# -gt 0 ] || { echo "$usage" >&2 && exit 1; }
repository=${GITHUB_REPOSITORY:?OWNER/REPOSITORY}
owner=$(echo "${repository%%/*}" | tr '[:upper:]' '[:lower:]')

main() {
    local target name
    for target in host retrainer evaluation; do
        case $target in
            host) name=ghcr.io/$owner/canopy ;;
            *) name=ghcr.io/$owner/canopy-$target ;;
        esac
        case $action in
            build) build "$target" "$name:$version-$1" ;;
            join) join "$name" "$@" ;;
            *) echo "$usage" >&2 && exit 1 ;;
        esac
    done
}

build() {
    docker build --target "$1" --tag "$2" \
        --label "org.opencontainers.image.source=https://github.com/$repository" \
        --label "org.opencontainers.image.version=$version" \
        --label org.opencontainers.image.licenses=Apache-2.0 .
    docker push "$2"
}

join() {
    local name=$1 architecture images=() tags=(--tag "$1:$version")
    shift
    for architecture in "$@"; do images+=("$name:$version-$architecture"); done
    case $version in *-*) ;; *) tags+=(--tag "$name:latest") ;; esac
    docker buildx imagetools create "${tags[@]}" "${images[@]}"
}

main "$@"
