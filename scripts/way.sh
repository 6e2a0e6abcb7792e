#!/usr/bin/env bash
# Prints how the stack runs here, or would:
#
#   compose   in containers: docker-compose.yml
#   native    without: scripts/stack.sh
#   none      without, and only the host
#
# Environment:
#   STACK   one of these, or auto (default): what runs natively already stays native; otherwise
#           compose where a Docker engine answers that has the compose plugin
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

engine_answers() {
    local limit=()
    # macOS has no `timeout`.
    if command -v timeout >/dev/null; then limit=(timeout 5); fi
    ${limit[@]+"${limit[@]}"} docker info >/dev/null 2>&1
}

case ${STACK:-auto} in
    compose | native | none) echo "$STACK" ;;
    auto)
        # It fails where not all of the stack runs, such as without Grafana.
        status=$(scripts/stack.sh status || true)
        if [[ $status == *' running '* ]]; then
            echo native
        elif docker compose version >/dev/null 2>&1 && engine_answers; then
            echo compose
        else
            echo native
        fi
        ;;
    *)
        echo "STACK is '$STACK': expected auto, compose, native or none" >&2
        exit 1
        ;;
esac
