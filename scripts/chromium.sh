#!/usr/bin/env bash
# Prints the path of a Chromium: CANOPY_CHROMIUM, an installed one, or Debian's, unpacked
# without installation. Exits with 2 if none is available.
set -euo pipefail

for program in "${CANOPY_CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$program" ] && command -v "$program"; then exit; fi
done
exec "$(dirname "${BASH_SOURCE[0]}")/tool.sh" chromium chromium usr/lib/chromium/chromium
