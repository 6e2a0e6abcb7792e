#!/usr/bin/env bash
# Checks what the scripts of the stack tell others, with stand-ins for the programs: the password
# that Grafana is given, and the address that the first prediction is sent to. Needs python3.
# Prints a line for each problem and exits with 1 if there are any.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

work=$(mktemp -d)
trap 'stop; rm -rf "$work"' EXIT
failures=0

main() {
    cp -R "$root/scripts" "$root/deployment" "$root/.env.example" "$work"
    stand_ins
    GRAFANA_ADDRESS=127.0.0.1:$(free_port)
    export GRAFANA_ADDRESS PATH="$work/bin:$PATH"
    unset GRAFANA_PASSWORD
    cd "$work"

    expect_random "no .env"

    printf 'CANOPY_TRAFFIC_RATE=7' >.env
    expect_random ".env without GRAFANA_PASSWORD"
    grep -qx 'CANOPY_TRAFFIC_RATE=7' .env || report ".env without GRAFANA_PASSWORD: lost what it had"

    printf 'GRAFANA_PASSWORD=\n' >.env
    expect_random ".env with an empty GRAFANA_PASSWORD"

    printf 'GRAFANA_PASSWORD="of .env"\n' >.env
    expect ".env with GRAFANA_PASSWORD" "of .env"

    export GRAFANA_PASSWORD="of the environment"
    expect "GRAFANA_PASSWORD of the environment" "of the environment"

    expect_address none 0.0.0.0:8181 127.0.0.1:8181
    expect_address none '[::]:8181' '[::1]:8181'
    expect_address none 192.0.2.7:8181 192.0.2.7:8181
    expect_address compose 0.0.0.0:8181 127.0.0.1:8080
    exit "$failures"
}

# Programs `canopy` and `docker` that print their arguments, and
# a program `grafana` that writes its password to a file and answers every GET with 200.
stand_ins() {
    mkdir -p "$work/bin" "$work/target/release"
    printf '#!/bin/sh\necho "$@"\n' >"$work/target/release/canopy"
    cp "$work/target/release/canopy" "$work/bin/docker"
    chmod +x "$work/target/release/canopy" "$work/bin/docker"
    cat >"$work/bin/grafana" <<'PYTHON'
#!/usr/bin/env python3
import http.server, os, pathlib

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

pathlib.Path("given").write_text(os.environ["GF_SECURITY_ADMIN_PASSWORD"])
address = os.environ["GF_SERVER_HTTP_ADDR"], int(os.environ["GF_SERVER_HTTP_PORT"])
http.server.HTTPServer(address, Handler).serve_forever()
PYTHON
    chmod +x "$work/bin/grafana"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts Grafana's stand-in and sets `given` to the password it was given.
start() {
    rm -f given
    scripts/stack.sh up grafana
    given=$(cat given)
    stop
}

stop() {
    if [ -x "$work/scripts/stack.sh" ]; then "$work/scripts/stack.sh" down grafana >/dev/null; fi
}

expect() {
    start
    [ "$given" = "$2" ] || report "$1: Grafana's password is '$given', expected '$2'"
}

# A password that nobody knows, kept in .env and the same at the next start.
expect_random() {
    start
    [ "${#given}" -ge 20 ] || report "$1: Grafana's password is '$given', expected a random one"
    grep -qxF "GRAFANA_PASSWORD=$given" .env || report "$1: .env has not the password '$given'"
    expect "$1, second start" "$given"
}

# expect_address WAY LISTEN ADDRESS: the first prediction goes to ADDRESS, and so does the advice.
expect_address() {
    local said
    said=$(BIKE_API_ADDRESS=$2 scripts/welcome.sh "$1")
    [[ $said == *"--address $3"* ]] || report "$1 at $2: the first prediction does not go to $3"
    [[ $said == *"http://$3/docs/"* ]] || report "$1 at $2: the documentation is not at $3"
}

report() {
    echo "$*"
    failures=1
}

main
