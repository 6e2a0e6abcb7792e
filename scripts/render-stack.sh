#!/usr/bin/env bash
# Writes the configuration of the monitoring stack from deployment/ to a folder:
#
#   render-stack.sh native FOLDER    without containers: addresses instead of host names
#   render-stack.sh compose FOLDER   as it is, for drills with docker compose
#
# Prometheus, Alertmanager and Grafana's provisioning know no variables for these. Compose needs
# no rendering except for a drill; it mounts deployment/ itself. A folder may be rendered again
# while programs read from it: they take it up when they are told to reload.
#
# Environment:
#   CANOPY_INTERVAL   for drills: time between scrapes and between evaluations of the rules, and
#                     Alertmanager's group_wait and group_interval, such as 1s
#   CANOPY_ALERT_FOR  for drills: how long a condition must hold before its alert fires, such as
#                     5s; of all alerts that wait at all
#   BIKE_API_ADDRESS RETRAINER_ADDRESS PROMETHEUS_ADDRESS ALERTMANAGER_ADDRESS
#   NODE_EXPORTER_ADDRESS BLACKBOX_EXPORTER_ADDRESS
#                     native: where each listens; default: 127.0.0.1 and the port of compose
set -euo pipefail

usage="usage: render-stack.sh native|compose FOLDER"
way=${1:?$usage}
folder=${2:?$usage}

readonly services=(
    bike-api:8080 retrainer:8090 prometheus:9090 alertmanager:9093
    node-exporter:9100 blackbox-exporter:9115
)

main() {
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    cd "$(dirname "${BASH_SOURCE[0]}")/.."

    local edits=(-e '')
    case $way in
        native) native ;;
        compose) ;;
        *) fail "$usage" ;;
    esac
    if [ -n "${CANOPY_INTERVAL:-}" ]; then
        check_duration CANOPY_INTERVAL
        edits+=(-e "s/^( *(scrape_interval|scrape_timeout|evaluation_interval|group_wait|group_interval):) .*/\1 $CANOPY_INTERVAL/")
    fi
    if [ -n "${CANOPY_ALERT_FOR:-}" ]; then
        check_duration CANOPY_ALERT_FOR
        edits+=(-e "s/^( *for:) [1-9].*/\1 $CANOPY_ALERT_FOR/")
    fi

    # What was rendered from a file that is gone must go too.
    rm -f "$folder"/prometheus/rules/*.yml
    local file
    while read -r file; do
        mkdir -p "$folder/$(dirname "$file")"
        sed -E "${edits[@]}" "deployment/$file" >"$folder/$file"
    done < <(cd deployment && find alertmanager blackbox grafana prometheus \
        -path prometheus/tests -prune -o -type f -print)
}

# Addresses for host names, and Grafana's dashboards where they are.
native() {
    local service name variable
    for service in "${services[@]}"; do
        name=${service%:*}
        variable=$(echo "$name" | tr a-z- A-Z_)_ADDRESS
        edits+=(-e "s#(^|[^a-z-])$service([^0-9]|\$)#\1${!variable:-127.0.0.1:${service#*:}}\2#g")
    done
    edits+=(-e "s|/etc/grafana/dashboards|$folder/grafana/dashboards|")
}

check_duration() {
    [[ ${!1} =~ ^[0-9]+(ms|s|m|h)$ ]] || fail "$1 is '${!1}': expected a time such as 5s"
}

fail() {
    echo "render-stack: error: $*" >&2
    exit 1
}

main
