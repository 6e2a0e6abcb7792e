#!/usr/bin/env bash
# Prints the password of Grafana's user admin, which Grafana reads on its first start:
# GRAFANA_PASSWORD from the environment or from .env, as docker compose does. If .env has none,
# appends a random one; if there is no .env, copies .env.example first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    if [ -n "${GRAFANA_PASSWORD:-}" ]; then
        echo "$GRAFANA_PASSWORD"
        return
    fi
    umask 077
    if ! [ -e .env ]; then
        sed "s/^GRAFANA_PASSWORD=.*/GRAFANA_PASSWORD=$(random)/" .env.example >.env
    elif [ -z "$(kept)" ]; then
        end_last_line
        echo "GRAFANA_PASSWORD=$(random)" >>.env
    fi
    kept
}

# The password in .env as docker compose reads it: the last one, without quotes.
kept() {
    sed -n 's/^GRAFANA_PASSWORD=//p' .env | tail -n 1 | sed "s/^\"\(.*\)\"\$/\1/; s/^'\(.*\)'\$/\1/"
}

random() {
    head -c 18 /dev/urandom | base64 | tr +/ -_
}

end_last_line() {
    if [ -n "$(tail -c 1 .env)" ]; then echo >>.env; fi
}

main
