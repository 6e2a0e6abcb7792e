#!/usr/bin/env bash
# Makes an alert fire in the running stack, as a drill:
#
#   fire-alert.sh native|compose down|rmse|drift [ARGUMENT...]
#
# down stops the host and leaves it stopped; `make all` restarts it. The others evaluate data that
# makes the alert fire. ARGUMENTs are passed to `canopy-evaluation fire-alert`.
#
# Environment:
#   CANOPY_ALERT_FOR CANOPY_INTERVAL
#           shorter times during the drill, such as 5s and 1s, see scripts/render-stack.sh; the
#           original times are restored afterwards
#   BIKE_API_ADDRESS and so on, if the stack was started with them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

way=${1:?}
alert=${2:?}
shift 2

main() {
    case $alert in
        down | rmse | drift) ;;
        *) fail "ALERT is '$alert': expected down, rmse or drift" ;;
    esac
    monitored || fail "Prometheus and Alertmanager do not run: \`make all\` starts them"
    if [ -n "${CANOPY_ALERT_FOR:-}${CANOPY_INTERVAL:-}" ]; then
        trap restore EXIT
        shorten
    fi
    if [ "$alert" = down ]; then stop_host; fi
    watch "$@"
}

monitored() {
    case $way in
        native) scripts/stack.sh status prometheus alertmanager >/dev/null ;;
        compose) [ "$(docker compose ps --quiet prometheus alertmanager | wc -l)" -eq 2 ] ;;
        *) return 1 ;;
    esac
}

shorten() {
    case $way in
        native) scripts/stack.sh reload ;;
        compose)
            scripts/render-stack.sh compose .run/drill
            CANOPY_DEPLOYMENT=./.run/drill configure_containers
            ;;
    esac
}

restore() {
    unset CANOPY_ALERT_FOR CANOPY_INTERVAL
    case $way in
        native) scripts/stack.sh reload ;;
        compose) configure_containers ;;
    esac
}

# Recreates the containers to change a mounted folder; their state is in volumes.
configure_containers() {
    docker compose up --detach --wait --no-deps prometheus alertmanager
}

stop_host() {
    case $way in
        native) scripts/stack.sh down bike-api ;;
        compose) docker compose stop bike-api ;;
    esac
}

watch() {
    case $way in
        native)
            target/release/canopy-evaluation fire-alert --alert "$alert" \
                --url "http://${BIKE_API_ADDRESS:-127.0.0.1:8080}" \
                --prometheus "http://${PROMETHEUS_ADDRESS:-127.0.0.1:9090}" \
                --alertmanager "http://${ALERTMANAGER_ADDRESS:-127.0.0.1:9093}" "$@"
            ;;
        compose) scripts/compose-run.sh evaluation --no-deps evaluation fire-alert --alert "$alert" "$@" ;;
    esac
}

fail() {
    echo "fire-alert: error: $*" >&2
    exit 1
}

main "$@"
