#!/usr/bin/env bash
# Prints the path of a Chromium: the one of CANOPY_CHROMIUM, an installed one, or Debian's,
# downloaded and unpacked into .cache/chromium, not installed. Exits with 2 if none can be had.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache/chromium

main() {
    local program
    for program in "${CANOPY_CHROMIUM:-}" chromium chromium-browser google-chrome "$cache/chromium"; do
        if [ -n "$program" ] && command -v "$program"; then return; fi
    done
    for program in apt-get dpkg; do
        command -v "$program" >/dev/null || no_route "this is no Debian: there is no $program"
    done
    fetch
    echo "$cache/chromium"
}

# Downloads Chromium and what it needs and is not installed; unpacks it wholly or not at all.
fetch() {
    mkdir -p "$root/.cache"
    work=$(mktemp -d "$cache.unfinished.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    local packages
    packages=$(apt-get install --simulate --no-install-recommends chromium 2>/dev/null |
        awk '$1 == "Inst" { print $2 }') || no_route "apt knows no chromium; run 'apt-get update' as root"
    # shellcheck disable=SC2086  # one word a package
    (cd "$work" && apt-get -o APT::Sandbox::User="$(id -un)" --quiet download $packages) >&2 ||
        no_route "apt-get could not download it"
    local package
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$work"
        rm "$package"
    done
    cat >"$work/chromium" <<'WRAPPER'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$(echo "$here"/usr/lib/*-linux-gnu):$(echo "$here"/lib/*-linux-gnu) \
    exec "$here/usr/lib/chromium/chromium" "$@"
WRAPPER
    chmod +x "$work/chromium"
    "$work/chromium" --version >/dev/null 2>&1 || no_route "the unpacked chromium does not run"
    chmod 755 "$work"
    if ! [ -e "$cache" ]; then mv "$work" "$cache"; fi
}

no_route() {
    echo "chromium: $1" >&2
    exit 2
}

main
