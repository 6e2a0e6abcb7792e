#!/usr/bin/env bash
# Renders the configuration of the monitoring stack from deployment/ into a folder:
#
#   render-stack.sh native FOLDER    without containers: addresses instead of host names
#   render-stack.sh compose FOLDER   unchanged except for CANOPY_*, for drills in containers
#
# Prometheus, Alertmanager and Grafana's provisioning do not support variables here. Compose needs
# rendering only for a drill; otherwise it mounts deployment/ itself. A folder may be rendered again
# while programs use it: they apply the changes when told to reload.
#
# Environment:
#   CANOPY_INTERVAL   for drills: interval between scrapes and between rule evaluations, and
#                     Alertmanager's group_wait and group_interval, such as 1s
#   CANOPY_ALERT_FOR  for drills: how long a condition must hold before its alert fires, such as
#                     5s; for all alerts that have a `for`
#   BIKE_API_ADDRESS RETRAINER_ADDRESS PROMETHEUS_ADDRESS ALERTMANAGER_ADDRESS
#   NODE_EXPORTER_ADDRESS BLACKBOX_EXPORTER_ADDRESS
#                     native: where each listens; default: 127.0.0.1 and the port in compose
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

    # Removes what was rendered from deleted files.
    rm -f "$folder"/prometheus/rules/*.yml
    local file
    while read -r file; do
        mkdir -p "$folder/$(dirname "$file")"
        sed -E "${edits[@]}" "deployment/$file" >"$folder/$file"
    done < <(cd deployment && find alertmanager blackbox grafana prometheus \
        -path prometheus/tests -prune -o -type f -print)
}

# Replaces host names with addresses, and the path of Grafana's dashboards.
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
