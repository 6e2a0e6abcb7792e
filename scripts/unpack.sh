#!/usr/bin/env bash
# unpack.sh NAME PACKAGE...: has Debian's packages in .cache/NAME, downloaded and unpacked, not
# installed: no root needed. Prints the folder.
# Exits with 2 if they cannot be had here.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache/$1
packages=("${@:2}")

main() {
    [ -e "$cache" ] || fetch
    echo "$cache"
}

# Downloads and unpacks into $cache, wholly or not at all.
fetch() {
    for tool in apt-get dpkg; do
        command -v "$tool" >/dev/null || no_route "this is no Debian: there is no $tool"
    done
    mkdir -p "$(dirname "$cache")"
    work=$(mktemp -d "$cache.unfinished.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    # Else apt, run as root, warns that its own user cannot write here.
    (cd "$work" && apt-get -o APT::Sandbox::User="$(id -un)" --quiet download "${packages[@]}") >/dev/null 2>&1 ||
        no_route "apt-get could not download ${packages[*]}"
    local package
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$work" || no_route "dpkg could not unpack $package"
        rm "$package"
    done
    # Whoever else unpacked meanwhile has the same.
    if ! [ -e "$cache" ]; then mv "$work" "$cache"; fi
}

no_route() {
    echo "$1" >&2
    exit 2
}

main
