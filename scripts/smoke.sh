#!/usr/bin/env bash
# Checks the basics on a new machine: builds, trains a model, serves it on a free port, predicts,
# swaps the model and stops. Exits with 1 if anything is wrong.
#
#   smoke.sh [--no-build]   --no-build: uses the programs in target/release as they are
#
# Needs curl. Writes to a temporary folder only, which it removes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly bin=target/release
readonly spec=model-wasm/specs/bike-sharing.toml
readonly record='{"temp":0.24,"atemp":0.2879,"hum":0.81,"windspeed":0,"mnth":1,"hr":8,"weekday":1,"season":1,"holiday":0,"workingday":1,"weathersit":1}'
# Timeout of a step, in seconds.
readonly limit=60
work=$(mktemp -d)
readonly work
host=''
trap clean EXIT

main() {
    case ${1:-} in
        '')
            scripts/build-guest.sh blank
            cargo build --release --locked
            ;;
        --no-build) ;;
        *) fail "usage: smoke.sh [--no-build]" ;;
    esac
    command -v curl >/dev/null || fail "there is no curl"
    say "$(uname -sm), $("$bin/canopy" --version)"

    train 1.0.0
    "$bin/canopy" inspect "$work/model.wasm" >"$work/inspected" || fail "canopy inspect refuses the model"
    grep -q bike-sharing "$work/inspected" || fail "canopy inspect does not name the model"

    serve
    predict 1.0.0
    refuse
    "$bin/canopy" example --address "$address" >/dev/null || fail "canopy example fails"

    train 1.1.0
    until_true "the new model is served" is_version 1.1.0
    predict 1.1.0

    stop
    say "ok"
}

train() {
    "$bin/canopy-trainer" train --data embedded --spec "$spec" --version "$1" \
        --output "$work/model.wasm" >"$work/report" || fail "training fails"
    say "trained $1, $(wc -c <"$work/model.wasm" | tr -d ' ') bytes"
}

# Starts the host on a free port, which it reads from the log.
serve() {
    : >"$work/log"
    "$bin/canopy" serve --model "$work/model.wasm" --listen 127.0.0.1:0 --log-format json \
        >"$work/log" 2>&1 &
    host=$!
    until_true "the host is ready" is_listening
    [ "$(get /ready)" = 200 ] || fail "/ready is answered $(get /ready)"
    say "serves at $address"
}

is_listening() {
    kill -0 "$host" 2>/dev/null || fail "the host ended"
    address=$(sed -n 's/.*"address":"\(127\.0\.0\.1:[0-9]*\)".*/\1/p' "$work/log" | head -n 1)
    [ -n "$address" ]
}

# predict VERSION: checks that this version predicts a plausible bicycle count.
predict() {
    local status count
    status=$(post "$record")
    [ "$status" = 200 ] || fail "a prediction is answered $status: $(cat "$work/body")"
    is_version "$1" || fail "the prediction is not of version $1: $(cat "$work/head")"
    count=$(sed -n 's/.*"predicted_count": *\([0-9.]*\)[,}].*/\1/p' "$work/body")
    # The busiest hour of January 2011 has 249 bicycles.
    awk -v count="$count" 'BEGIN { exit !(count > 0 && count <= 249) }' ||
        fail "the prediction is no count of January: $(cat "$work/body")"
    say "version $1 predicts $count"
}

# An incomplete record must be rejected as a client error.
refuse() {
    local status
    status=$(post '{"temp":"warm"}')
    case $status in 400 | 422) ;; *) fail "a bad record is answered $status" ;; esac
}

is_version() {
    post "$record" >/dev/null && grep -qi "^x-model-version: $1" "$work/head"
}

post() {
    curl -sS -m 10 -D "$work/head" -o "$work/body" -w '%{http_code}' \
        -H 'content-type: application/json' -d "$1" "http://$address/predict"
}

get() {
    curl -sS -m 10 -o "$work/body" -w '%{http_code}' "http://$address$1"
}

# Requests in flight must finish; then the host must exit.
stop() {
    local status=0
    kill -TERM "$host"
    wait "$host" || status=$?
    host=''
    [ "$status" -eq 0 ] || fail "the host ended with $status"
}

# until_true WHAT COMMAND...
until_true() {
    local what=$1 deadline=$((SECONDS + limit))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || fail "waited $limit s: $what"
        sleep 0.1
    done
}

clean() {
    if [ -n "$host" ]; then
        kill -KILL "$host" 2>/dev/null || true
        wait "$host" 2>/dev/null || true
    fi
    rm -rf "$work"
}

say() {
    echo "smoke: $*"
}

fail() {
    echo "smoke: error: $*" >&2
    if [ -s "$work/log" ]; then
        echo "the host's log:" >&2
        tail -n 20 "$work/log" >&2
    fi
    exit 1
}

main "$@"
