#!/usr/bin/env bash
# flamegraph.sh MODEL SVG: profiles the host under POST /predict, draws a flame graph of its
# modules into the file and prints each part's share of the processor time.
#
# Needs perf (Debian's linux-perf); what happens within the kernel shows only to root. The load is
# of wrk, Debian's too, unpacked into .cache/wrk.
#
# Environment:
#   CONNECTIONS  that are kept alive; 8
#   DURATION     of the profile, in seconds; 15
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
connections=${CONNECTIONS:-8}
duration=${DURATION:-15}

main() {
    command -v perf >/dev/null || fail "there is no perf; on Debian it is in linux-perf"
    local wrk
    wrk=$("$root/scripts/unpack.sh" wrk wrk libluajit-5.1-2 libluajit-5.1-common) || fail "there is no wrk"
    work=$(mktemp -d)
    trap 'kill "${host:-}" "${load:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

    "$root/target/release/canopy" serve --model "$1" --listen 127.0.0.1:0 --log-format json 2>"$work/log" &
    host=$!
    local address
    address=$(wait_for_address)
    record "$address" >"$work/load.lua"

    LD_LIBRARY_PATH=$(echo "$wrk"/usr/lib/*-linux-gnu) "$wrk/usr/bin/wrk" --threads 1 --connections "$connections" \
        --duration $((duration + 3))s --script "$work/load.lua" "http://$address/predict" >"$work/wrk" &
    load=$!
    # From when the load has begun and the host is warm, until before it ends. Counters of the
    # processor are not needed; stacks are unwound by the tables that release builds have.
    sleep 1
    perf record --quiet --event cpu-clock --freq 499 --call-graph dwarf,32768 --pid "$host" \
        --output "$work/perf.data" -- sleep "$duration"
    wait "$load"
    grep -E "requests in|Non-2xx|Socket errors" "$work/wrk" >&2
    ! grep -q "Non-2xx" "$work/wrk" || fail "not all requests were answered"
    perf script --input "$work/perf.data" --no-inline -F comm,ip,sym,dso 2>/dev/null | "$root/bench/flame.py" "$2"
}

# Prints the address that the host listens at.
wait_for_address() {
    local address
    for _ in {1..100}; do
        address=$(sed -nE 's/.*"message":"ready","address":"([^"]+)".*/\1/p' "$work/log")
        if [ -n "$address" ]; then echo "$address" && return; fi
        kill -0 "$host" 2>/dev/null || fail "the host ended: $(tail -n 1 "$work/log")"
        sleep 0.1
    done
    fail "the host is not ready"
}

# Prints a script for wrk that posts the model's own example.
record() {
    echo 'wrk.method = "POST"'
    echo 'wrk.headers["content-type"] = "application/json"'
    echo "wrk.body = [[$("$root/target/release/canopy" example --address "$1" | sed -nE "s/.* -d '(.*)'\$/\1/p")]]"
}

fail() {
    echo "flamegraph: $*" >&2
    exit 1
}

main "$@"
