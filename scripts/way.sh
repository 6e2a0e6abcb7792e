#!/usr/bin/env bash
# Prints how the stack runs on this machine, or would run:
#
#   compose   in containers: docker-compose.yml
#   native    without containers: scripts/stack.sh
#   none      without containers, and only the host
#
# Environment:
#   STACK   one of these, or auto (default): native if that is already running, otherwise compose
#           if a Docker engine with the compose plugin responds
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
        # Fails if only part of the stack runs, for instance without Grafana.
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
