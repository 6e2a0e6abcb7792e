#!/usr/bin/env bash
# Sends a first prediction to the stack that was just started, and says what to try next:
#
#   welcome.sh compose|native|none
#
# Environment:
#   BIKE_API_ADDRESS   where the host listens; default: 127.0.0.1:8080
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

way=$1
address=${BIKE_API_ADDRESS:-127.0.0.1:8080}

case $way in
    compose)
        docker compose ps
        example=(docker compose exec -T bike-api canopy example)
        ;;
    *)
        services=()
        if [ "$way" = none ]; then services=(bike-api); fi
        scripts/stack.sh status "${services[@]}" || true
        example=(target/release/canopy example --address "$address")
        ;;
esac

printf '\nA first prediction:\n'
"${example[@]}"
cat <<END

Try next:
  open http://$address/docs/     the interface, to read and try
  make evaluation                      score the model on three weeks of February
  make traffic                         send prediction traffic
END
if [ "$way" != none ]; then
    cat <<END
  make fire-alert                      stop the host and watch the alert fire
  open http://127.0.0.1:9090/alerts    Prometheus; Alertmanager is at 9093
  curl http://127.0.0.1:8090/runs      what the retrainer did
END
fi
if [ "$way" = compose ] || scripts/stack.sh status grafana >/dev/null; then
    cat <<END
  open http://127.0.0.1:3000           Grafana; the password of admin is in .env
END
fi
cat <<END
  make stop                            end it
END
