#!/usr/bin/env bash
# Checks the configuration of the stack, where they exist with the programs' own checkers:
#
#   check.sh        docker-compose.yml, scripts of the stack, rules and their tests,
#                   Alertmanager, blackbox exporter, dashboards, runbook
#   check.sh URL    also that every panel of the dashboards has data in the Prometheus at URL
#
# The programs come from scripts/stack-binaries.sh. What cannot be checked here, for want of a
# program, is told to scripts/not-run.sh.
# shellcheck disable=SC2016  # variables in single quotes are jq's
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=${CANOPY_STACK_BINARIES:-.cache/stack}/bin
prometheus=${1:-}
rules=(deployment/prometheus/rules/*.yml)
tests=(deployment/prometheus/tests/*.yml)
dashboards=(deployment/grafana/dashboards/*.json)
grafana_rules=deployment/grafana/provisioning/alerting/rules.yml
runbook=docs/runbook.md
failures=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
    compose
    stack
    local status=0
    scripts/stack-binaries.sh || status=$?
    case $status in
        0) monitoring ;;
        2) scripts/not-run.sh "configuration of the monitoring" "Prometheus and Alertmanager cannot be had" ;;
        *) exit "$status" ;;
    esac
    [ "$failures" -eq 0 ] || exit 1
}

compose() {
    local python=python3
    # Debian's own has python3-yaml where another one on the PATH has none.
    "$python" -c 'import yaml' 2>/dev/null || python=/usr/bin/python3
    if "$python" -c 'import yaml' 2>/dev/null; then
        run "docker-compose.yml against the files it names" "$python" deployment/check-compose.py
    else
        scripts/not-run.sh "docker-compose.yml against the files it names" "there is no python3 with PyYAML"
    fi
    if docker compose version >/dev/null 2>&1; then
        run "docker compose config" docker compose --env-file .env.example \
            --profile evaluation --profile model --profile traffic config --quiet
    else
        scripts/not-run.sh --allowed "docker compose config" "there is no docker compose"
    fi
}

stack() {
    if command -v python3 >/dev/null; then
        run "what the scripts of the stack tell others" deployment/check-stack.sh
    else
        scripts/not-run.sh "what the scripts of the stack tell others" "there is no python3"
    fi
}

monitoring() {
    run "prometheus.yml" "$bin/promtool" check config deployment/prometheus/prometheus.yml
    run "tests of the rules" "$bin/promtool" test rules "${tests[@]}"
    run "alertmanager.yml" "$bin/amtool" check-config deployment/alertmanager/alertmanager.yml
    run "blackbox.yml" "$bin/blackbox_exporter" --config.file=deployment/blackbox/blackbox.yml --config.check
    run "rendered for a drill without containers" rendered
    run "alerts have annotations, tests and a place in the runbook" alerts
    run "dashboards" dashboards
    run "expressions of Grafana" expressions
    if [ -n "$prometheus" ]; then run "panels have data" data; fi
}

# run NAME COMMAND...: prints the command's output only if it fails.
run() {
    local name=$1 status=0
    shift
    # Not as a condition, where bash would go on after a command that failed.
    set +e
    (set -e && "$@") >"$work/output" 2>&1
    status=$?
    set -e
    if [ "$status" -eq 0 ]; then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        sed 's/^/        /' "$work/output"
        failures=$((failures + 1))
    fi
}

rendered() {
    CANOPY_INTERVAL=1s CANOPY_ALERT_FOR=2s scripts/render-stack.sh native "$work/stack"
    "$bin/promtool" check config "$work/stack/prometheus/prometheus.yml"
    "$bin/amtool" check-config "$work/stack/alertmanager/alertmanager.yml"
    local names='(bike-api|retrainer|prometheus|alertmanager|node-exporter|blackbox-exporter):[0-9]'
    if grep -rE "$names|/etc/grafana/dashboards" "$work/stack"; then return 1; fi
    if grep -rE '^ *(for|scrape_interval|group_wait): ' "$work"/stack/{prometheus,alertmanager} |
        grep -vE ' [12]s$'; then return 1; fi
}

# Every alert says what it must, fires in a test and is explained in the runbook.
alerts() {
    local alert field missing=0
    while read -r alert; do
        for field in severity: summary: description: "runbook_url: $runbook#${alert,,}"; do
            awk -v alert="$alert" -v field="$field" '
                $1 == "-" { within = $2 == "alert:" && $3 == alert }
                within && index($0, field) { found = 1 }
                END { exit !found }' "${rules[@]}" || report "$alert has no $field"
        done
        grep -qx "## $alert" "$runbook" || report "$runbook has no heading '## $alert'"
        grep -hA 1 "alertname: $alert\$" "${tests[@]}" | grep -q "exp_alerts:" ||
            report "no test in which $alert fires"
        # The watchdog is never silent.
        [ "$alert" = Watchdog ] || grep -qh "alertname: $alert}" "${tests[@]}" ||
            report "no test in which $alert is silent"
    done < <(sed -nE 's/^ *- alert: //p' "${rules[@]}")

    local url
    while read -r url; do
        grep -E '^#+ ' "$runbook" | sed -E 's/^#+ //; s/ /-/g' | grep -qix "${url#*#}" ||
            report "$url does not exist"
    done < <(sed -nE 's/^ *runbook_url: //p' "${rules[@]}" "$grafana_rules" | sort -u)
    return "$missing"
}

report() {
    echo "$*"
    missing=1
}

dashboards() {
    local missing=0 file problem uid panel
    local source
    source=$(sed -nE 's/^ *uid: //p' deployment/grafana/provisioning/datasources/*.yml)
    for file in "${dashboards[@]}"; do
        "$bin/jq" -r --arg source "$source" '
            (if .schemaVersion != 41 then "schemaVersion is \(.schemaVersion)" else empty end),
            (if .refresh != "10s" then "refresh is \(.refresh)" else empty end),
            (if (.links | length) == 0 then "no links" else empty end),
            (.panels | group_by(.id)[] | select(length > 1) | "panel id \(.[0].id) twice"),
            (.panels[] | select(.type != "row") |
                (if (.title // "") == "" or (.description // "") == "" then "panel \(.id) has no title or description" else empty end),
                (if (.targets | length) == 0 then "panel \(.id) has no query" else empty end),
                (if (.fieldConfig.defaults.unit // "") == "" then "panel \(.id) has no unit" else empty end)),
            (.. | objects | .datasource? // empty | select(.uid != $source) | "unknown datasource \(.uid)")' "$file" >"$work/problems"
        while read -r problem; do report "$file: $problem"; done <"$work/problems"
    done
    while read -r uid; do report "uid $uid twice"; done \
        < <("$bin/jq" -r .uid "${dashboards[@]}" | sort | uniq -d)
    # Grafana's alerts link to a panel.
    while read -r uid panel; do
        "$bin/jq" -e --arg uid "$uid" --argjson panel "$panel" --slurp \
            'any(.[]; .uid == $uid and any(.panels[]; .id == $panel))' "${dashboards[@]}" >/dev/null ||
            report "$grafana_rules: no panel $panel in $uid"
    done < <(sed -nE 's/^ *__(dashboardUid|panelId)__: "?([^"]*)"?$/\2/p' "$grafana_rules" | paste -d ' ' - -)
    return "$missing"
}

# Prints "name<tab>expression" for every query of the panels, variables replaced.
panel_queries() {
    "$bin/jq" -r '
        def replace($names): gsub("\\$__rate_interval|\\$__interval"; "1m") | gsub("\\$__range"; "1h")
            | reduce $names[] as $name (.; gsub("\\$" + $name + "\\b"; ".*"));
        .title as $dashboard | [.templating.list[].name] as $names
        | .panels[] | .id as $id | .title as $title | (.targets // [])[]
        | "\($dashboard): \($title) (panel \($id), \(.refId))\t\(.expr | replace($names))"' "${dashboards[@]}"
}

# Prints the same of annotations, variables and Grafana's alerts.
other_queries() {
    "$bin/jq" -r '.title as $dashboard
        | (.annotations.list[] | "\($dashboard): annotation \(.name)\t\(.target.expr)"),
          (.templating.list[] | "\($dashboard): variable \(.name)\t\(.query.query | capture("^label_values\\((?<metric>.*),").metric)")' "${dashboards[@]}"
    sed -nE 's/^ *expr: //p' "$grafana_rules" | awk '{ print "Grafana alert " NR "\t" $0 }'
}

# A rule group for each, because promtool parses rules and names the group in its errors.
expressions() {
    panel_queries >"$work/queries"
    other_queries >>"$work/queries"
    "$bin/jq" --raw-input --null-input '
        {groups: [inputs | split("\t") | {name: .[0], rules: [{record: "checked", expr: .[1]}]}]}' \
        "$work/queries" >"$work/expressions.yml"
    "$bin/promtool" check rules --lint=none "$work/expressions.yml"
}

data() {
    local missing=0 name expression
    panel_queries >"$work/queries"
    while IFS=$'\t' read -r name expression; do
        "$bin/promtool" query instant "$prometheus" "$expression" >"$work/answer" || report "$name: cannot ask"
        grep -q . "$work/answer" || report "$name: no data for $expression"
    done <"$work/queries"
    return "$missing"
}

main
