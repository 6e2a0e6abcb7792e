#!/usr/bin/env bash
# Starts the host in the background: start.sh ADDRESS MODEL
# Waits until it is ready, sends a first prediction and says what to try next.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/running.sh
source scripts/running.sh

address=$1
model=$2
patience=30

if pid=$(running); then
    echo "Canopy is running already (process $pid, http://$(<"$state/address")); \`make stop\` ends it."
    exit 0
fi

if "$binary" probe --address "$address" 2>/dev/null; then
    echo "Another host answers at $address already; end it, or choose LISTEN=127.0.0.1:PORT." >&2
    exit 1
fi

mkdir -p "$state"
setsid nohup "$binary" serve --model "$model" --listen "$address" \
    </dev/null >"$state/canopy.log" 2>&1 &
pid=$!
echo "$pid" >"$state/pid"
echo "$address" >"$state/address"

deadline=$((SECONDS + patience))
until "$binary" probe --address "$address" 2>/dev/null; do
    if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > deadline)); then
        echo "Canopy did not become ready. Its log ($state/canopy.log) says:" >&2
        tail -n 5 "$state/canopy.log" >&2
        scripts/stop.sh >/dev/null
        exit 1
    fi
    sleep 0.05
done

cat <<END
Canopy serves $model at http://$address (process $pid, log $state/canopy.log).

A first prediction:
END
"$binary" example --address "$address"
cat <<END

Try next:
  open http://$address/docs/     the interface, to read and try
  make evaluation                      score the model on three weeks of February
  make traffic                         send prediction traffic
  curl http://$address/metrics   what Prometheus sees
  make stop                            end it
END
