#!/usr/bin/env bash
# Checks what scripts/stack.sh does about Grafana's password, with a stand-in for Grafana that
# notes the password it is given. Needs python3. Exits with 1 where a check fails.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

work=$(mktemp -d)
trap 'stop; rm -rf "$work"' EXIT
failures=0

main() {
    cp -R "$root/scripts" "$root/deployment" "$root/.env.example" "$work"
    stand_in
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
    exit "$failures"
}

# A program `grafana` that writes its password to a file and answers every GET with 200.
stand_in() {
    mkdir -p "$work/bin"
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

report() {
    echo "$*"
    failures=1
}

main
