#!/usr/bin/env bash
# Sends a first prediction to the stack that was just started, and suggests next steps:
#
#   welcome.sh compose|native|none
#
# Environment:
#   BIKE_API_ADDRESS   where the host listens without containers; default: 127.0.0.1:8080
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

way=${1:?"usage: welcome.sh compose|native|none"}
address=${BIKE_API_ADDRESS:-127.0.0.1:8080}

try() {
    printf '  %-36s %s\n' "$1" "$2"
}

case $way in
    compose)
        docker compose ps
        # The port that docker-compose.yml publishes, the same as in the container.
        address=127.0.0.1:8080
        example=(docker compose exec -T bike-api canopy example)
        ;;
    native)
        scripts/stack.sh status || true
        example=(target/release/canopy example)
        ;;
    none)
        scripts/stack.sh status bike-api || true
        example=(target/release/canopy example)
        ;;
esac

# For a host that listens on every address, uses an address of this machine.
case $address in
    0.0.0.0:*) address=127.0.0.1:${address##*:} ;;
    '[::]:'*) address="[::1]:${address##*:}" ;;
esac

printf '\nA first prediction:\n'
"${example[@]}" --address "$address"
printf '\nTry next:\n'
try "open http://$address/docs/" "the interface, to read and try"
try "make evaluation" "score the model on three weeks of February"
try "make traffic" "send prediction traffic"
if [ "$way" != none ]; then
    try "make fire-alert" "stop the host and watch the alert fire"
    try "open http://127.0.0.1:9090/alerts" "Prometheus and its alerts"
    try "curl http://127.0.0.1:8090/runs" "what the retrainer did"
fi
if [ "$way" = compose ] || scripts/stack.sh status grafana >/dev/null; then
    try "open http://127.0.0.1:3000" "Grafana; the password of admin is in .env"
fi
try "make stop" "end it"
