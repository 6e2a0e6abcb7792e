#!/usr/bin/env bash
# Runs the stack without containers, each program in the background in its own process group:
#
#   stack.sh up [SERVICE...]       start the services that are not running, and wait until ready
#   stack.sh down [SERVICE...]     stop the services that `up` started here, and nothing else;
#                                  requests in flight finish first
#   stack.sh status [SERVICE...]   show what is running; exits with 1 if a service is not
#   stack.sh reload                render the monitoring configuration again and have it reloaded
#
# Without names, all of: bike-api retrainer prometheus alertmanager node-exporter
# blackbox-exporter grafana. Prometheus, Alertmanager and the exporters come from
# scripts/stack-binaries.sh; if they or Grafana are not available, `up` says so and starts the
# rest. Services that exit are not restarted.
#
# .run has each service's pid file and log, the monitoring configuration (.run/stack) and data
# (.run/data), and bike-api's labelled rows for the retrainer (.run/observations) and versions
# (.run/versions).
#
# Environment:
#   MODEL   the model file of bike-api and the retrainer; default: models/bike-sharing.wasm
#   SPEC    the retrainer's specification; default: model-wasm/specs/bike-sharing.toml
#   BIKE_API_ADDRESS RETRAINER_ADDRESS PROMETHEUS_ADDRESS ALERTMANAGER_ADDRESS
#   NODE_EXPORTER_ADDRESS BLACKBOX_EXPORTER_ADDRESS GRAFANA_ADDRESS
#           where each listens; default: 127.0.0.1 and the port in compose
#   GRAFANA_PASSWORD         see scripts/grafana-password.sh
#   CANOPY_STACK_BINARIES    see scripts/stack-binaries.sh
#   CANOPY_INTERVAL CANOPY_ALERT_FOR
#           see scripts/render-stack.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly services=(
    bike-api retrainer prometheus alertmanager node-exporter blackbox-exporter grafana
)
# Timeouts for a service to become ready and to exit, in seconds.
readonly start_timeout=60 stop_timeout=40
readonly state=$PWD/.run
readonly model=${MODEL:-models/bike-sharing.wasm}
readonly spec=${SPEC:-model-wasm/specs/bike-sharing.toml}
readonly bin=${CANOPY_STACK_BINARIES:-.cache/stack}/bin
started=()

main() {
    local action=${1:-} name
    [ $# -eq 0 ] || shift
    for name in "$@"; do
        [[ " ${services[*]} " == *" $name "* ]] || fail "unknown service $name; there are: ${services[*]}"
    done
    [ $# -gt 0 ] || set -- "${services[@]}"
    case $action in
        up) up "$@" ;;
        down) down "$@" ;;
        status) status "$@" ;;
        reload) reload ;;
        *) fail "usage: stack.sh up|down|status [SERVICE...], or stack.sh reload" ;;
    esac
}

up() {
    mkdir -p "$state/data" "$state/observations" "$state/versions"
    local name monitors='' missing=()
    # On any failure or interrupt, stops what was started.
    trap abandon EXIT
    for name in "$@"; do
        if running "$name" >/dev/null; then continue; fi
        case $name in
            bike-api | retrainer) ;;
            grafana)
                if ! grafana_command >/dev/null; then
                    missing+=("Grafana: there is no program grafana or grafana-server")
                    continue
                fi
                ;;
            *)
                [ -n "$monitors" ] || fetch
                if [ "$monitors" = missing ]; then continue; fi
                ;;
        esac
        start "$name"
    done
    # Services that were already running may have an older configuration.
    [ -z "$monitors" ] || reload
    if [ ${#started[@]} -gt 0 ]; then
        for name in "${started[@]}"; do await "$name"; done
    fi
    trap - EXIT
    if [ ${#missing[@]} -gt 0 ]; then
        for name in "${missing[@]}"; do say "runs without $name"; done
    fi
}

# Sets `monitors` to present or missing.
fetch() {
    local status=0
    scripts/stack-binaries.sh || status=$?
    case $status in
        0) monitors=present ;;
        2)
            monitors=missing
            missing+=("Prometheus, Alertmanager and the exporters, see above")
            ;;
        *) exit 1 ;;
    esac
}

start() {
    local name=$1 address host port
    address=$(address "$name")
    port=${address##*:} host=${address%:*}
    if listening "$address"; then
        fail "something else listens at $address, where $name belongs"
    fi
    case $name in bike-api | retrainer) ;; *) configure ;; esac
    local command=() variables=()
    case $name in
        bike-api)
            command=(target/release/canopy serve --model "$model" --listen "$address"
                --models .run/versions --observations .run/observations)
            ;;
        retrainer)
            command=(target/release/canopy-trainer serve --spec "$spec" --model "$model"
                --observations .run/observations --listen "$address"
                # A better model goes on trial there. The traffic of this stack comes from one client.
                --host "http://$(address bike-api)"
                --trial "mode=canary&share=0.1&requests=200&max-disagreement=1&min-clients=1")
            ;;
        prometheus)
            command=("$bin/prometheus" --config.file="$state/stack/prometheus/prometheus.yml"
                --storage.tsdb.path="$state/data/prometheus" --storage.tsdb.retention.time=30d
                --web.listen-address="$address" --web.cors.origin=none)
            ;;
        alertmanager)
            command=("$bin/alertmanager" --config.file="$state/stack/alertmanager/alertmanager.yml"
                --storage.path="$state/data/alertmanager" --data.retention=720h
                --web.listen-address="$address" --cluster.listen-address=)
            ;;
        node-exporter)
            command=("$bin/node_exporter" --web.listen-address="$address")
            ;;
        blackbox-exporter)
            command=("$bin/blackbox_exporter" --config.file="$state/stack/blackbox/blackbox.yml"
                --web.listen-address="$address")
            ;;
        grafana)
            local word password
            while IFS= read -r word; do command+=("$word"); done < <(grafana_command)
            password=$(scripts/grafana-password.sh)
            variables=(
                GF_SERVER_HTTP_ADDR="$host" GF_SERVER_HTTP_PORT="$port"
                GF_PATHS_DATA="$state/data/grafana" GF_PATHS_LOGS="$state/data/grafana/log"
                GF_PATHS_PLUGINS="$state/data/grafana/plugins"
                GF_PATHS_PROVISIONING="$state/stack/grafana/provisioning"
                GF_LOG_MODE=console GF_PLUGINS_PREINSTALL_DISABLED=true
                GF_ANALYTICS_REPORTING_ENABLED=false GF_ANALYTICS_CHECK_FOR_UPDATES=false
                GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false
                GF_SECURITY_ADMIN_PASSWORD="$password"
            )
            ;;
    esac
    # Keeps the log of the previous process, which may explain why it exited.
    if [ -s "$state/$name.log" ]; then mv "$state/$name.log" "$state/$name.log.1"; fi
    # Job control gives it its own process group, so that it does not get this script's interrupts.
    set -m
    nohup env ${variables[@]+"${variables[@]}"} "${command[@]}" </dev/null >"$state/$name.log" 2>&1 &
    set +m
    echo "$! $(birth $!)" >"$state/$name.pid"
    started+=("$name")
}

# Waits until a service that was just started is ready.
await() {
    local name=$1 path deadline=$((SECONDS + start_timeout))
    case $name in
        bike-api) path=/ready ;;
        retrainer) path=/health ;;
        prometheus | alertmanager) path=/-/ready ;;
        node-exporter) path=/ ;;
        blackbox-exporter) path=/-/healthy ;;
        grafana) path=/api/health ;;
    esac
    until answers "$(address "$name")" "$path"; do
        running "$name" >/dev/null || broken "$name" "ended"
        ((SECONDS < deadline)) || broken "$name" "was not ready within $start_timeout s"
        sleep 0.05
    done
    running "$name" >/dev/null || broken "$name" "ended"
}

broken() {
    {
        echo "stack: error: $1 $2. Its log (.run/$1.log) says:"
        tail -n 10 "$state/$1.log"
    } >&2
    exit 1
}

# Stops the services that this run started.
abandon() {
    if [ ${#started[@]} -gt 0 ]; then down "${started[@]}" >/dev/null; fi
}

down() {
    local name pid deadline=$((SECONDS + stop_timeout)) ended=()
    for name in "$@"; do
        if pid=$(running "$name"); then
            kill -TERM "$pid" 2>/dev/null || true
            ended+=("$name")
        else
            rm -f "$state/$name.pid"
        fi
    done
    for name in ${ended[@]+"${ended[@]}"}; do
        while pid=$(running "$name"); do
            if ((SECONDS >= deadline)); then
                say "$name (process $pid) did not end within $stop_timeout s, it is killed" >&2
                kill -KILL "$pid" 2>/dev/null || true
                break
            fi
            sleep 0.05
        done
        rm -f "$state/$name.pid"
    done
    if [ ${#ended[@]} -gt 0 ]; then
        say "stopped: ${ended[*]}"
    else
        say "nothing to stop"
    fi
}

status() {
    local name pid all=0
    for name in "$@"; do
        if pid=$(running "$name"); then
            printf '%-18s running   http://%-20s process %s\n' "$name" "$(address "$name")" "$pid"
        else
            printf '%-18s stopped\n' "$name"
            all=1
        fi
    done
    return "$all"
}

reload() {
    configure
    local name pid
    for name in prometheus alertmanager; do
        # A service that was just started may lack its signal handler, and is up to date anyway.
        if [[ " ${started[*]:-} " == *" $name "* ]]; then continue; fi
        if pid=$(running "$name"); then kill -HUP "$pid"; fi
    done
}

# Renders the monitoring configuration, once.
configure() {
    if [ -z "${configured:-}" ]; then scripts/render-stack.sh native "$state/stack"; fi
    configured=yes
}

# Prints the process id of a service that was started here. Fails if it is not running, also if
# another process has reused its id, which a later start time reveals.
running() {
    local pid born
    read -r pid born 2>/dev/null <"$state/$1.pid" || return 1
    [ -n "$born" ] && [ "$(birth "$pid")" = "$born" ] || return 1
    echo "$pid"
}

# Prints the start time of a process: in ticks since boot, or as a date if there is no /proc. Prints
# nothing if the process does not exist or has exited.
birth() {
    if [ -r /proc/self/stat ]; then
        sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" && $1 != "X" { print $20 }'
    else
        ps -o stat= -o lstart= -p "$1" | awk '$1 !~ /^Z/ { $1 = ""; print substr($0, 2) }'
    fi
}

address() {
    local variable port
    variable=$(echo "$1" | tr a-z- A-Z_)_ADDRESS
    case $1 in
        bike-api) port=8080 ;;
        retrainer) port=8090 ;;
        prometheus) port=9090 ;;
        alertmanager) port=9093 ;;
        node-exporter) port=9100 ;;
        blackbox-exporter) port=9115 ;;
        grafana) port=3000 ;;
    esac
    echo "${!variable:-127.0.0.1:$port}"
}

# Prints Grafana's command, one word per line.
grafana_command() {
    local program home
    program=$(type -P grafana || type -P grafana-server) || return 1
    home=$(dirname "$(dirname "$(readlink -f "$program")")")
    [ -f "$home/conf/defaults.ini" ] || home=/usr/share/grafana
    echo "$program"
    [ "$(basename "$program")" = grafana-server ] || echo server
    echo "--homepath=$home"
}

listening() {
    (exec 3<>"/dev/tcp/$(socket "$1")") 2>/dev/null
}

# answers ADDRESS PATH: whether a GET returns 200; curl may not be installed.
answers() {
    (
        exec 3<>"/dev/tcp/$(socket "$1")"
        printf 'GET %s HTTP/1.0\r\nhost: %s\r\n\r\n' "$2" "$1" >&3
        read -r -t 2 _ status _ <&3
        [ "$status" = 200 ]
    ) 2>/dev/null
}

# Converts HOST:PORT to HOST/PORT, as bash requires.
socket() {
    local host=${1%:*}
    host=${host#[}
    echo "${host%]}/${1##*:}"
}

say() {
    echo "stack: $*"
}

fail() {
    echo "stack: error: $*" >&2
    exit 1
}

main "$@"
