#!/usr/bin/env bash
# Prints the path of libfaketime, a library that has a program see another time. It is Debian's,
# downloaded and unpacked into .cache/faketime, not installed: no root needed.
# Exits with 2 if it cannot be had here.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache/faketime

main() {
    [ -e "$cache" ] || fetch
    for library in "$cache"/usr/lib/*/faketime/libfaketime.so.1; do
        [ -e "$library" ] || no_route "$cache has no libfaketime; delete it and try again"
        echo "$library"
        return
    done
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
    (cd "$work" && apt-get -o APT::Sandbox::User="$(id -un)" --quiet download libfaketime) >/dev/null 2>&1 ||
        no_route "apt-get could not download libfaketime"
    dpkg -x "$work"/*.deb "$work" || no_route "dpkg could not unpack libfaketime"
    rm "$work"/*.deb
    # Whoever else unpacked meanwhile has the same.
    if ! [ -e "$cache" ]; then mv "$work" "$cache"; fi
}

no_route() {
    echo "$1" >&2
    exit 2
}

main
