#!/usr/bin/env bash
# unpack.sh NAME PACKAGE...: unpacks Debian's packages, with dependencies that are not installed,
# into .cache/NAME, without installation or root. Prints the folder, in which
# `run PROGRAM ARGUMENT...` runs a program with the folder's libraries. Exits with 2 if the packages
# are not available.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache/$1
packages=("${@:2}")

main() {
    [ -e "$cache" ] || alone fetch
    echo "$cache"
}

# Runs a function while no other process fetches the same folder.
alone() {
    mkdir -p "$root/.cache"
    exec 9>"$cache.lock"
    ! command -v flock >/dev/null || flock 9
    [ -e "$cache" ] || "$@"
    exec 9>&-
}

# Downloads and unpacks into $cache, atomically.
fetch() {
    for tool in apt-get dpkg; do
        command -v "$tool" >/dev/null || no_route "this is no Debian: there is no $tool"
    done
    work=$(mktemp -d "$cache.unfinished.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    # Outdated lists refer to versions that no longer exist.
    download || { refresh && download; } ||
        no_route "apt-get could not download ${packages[*]}; try 'apt-get update'"
    local package
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$work" || no_route "dpkg could not unpack $package"
        rm "$package"
    done
    cat >"$work/run" <<'WRAPPER'
#!/bin/sh
# Runs a program with the libraries next to this file, including those in subfolders, and with the
# fonts.
here=$(dirname "$(readlink -f "$0")")
folders=$(find "$here/usr/lib" "$here/lib" -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | tr '\n' :)
# Fonts of the system take precedence.
if [ -d "$here/usr/share/fonts" ] && ! [ -e /etc/fonts/fonts.conf ]; then
    fonts=$here/fonts.conf
    echo "<fontconfig><dir>$here/usr/share/fonts</dir><cachedir>$here/fontconfig</cachedir></fontconfig>" >"$fonts.$$"
    mv "$fonts.$$" "$fonts"
    export FONTCONFIG_FILE="$fonts"
fi
LD_LIBRARY_PATH=$folders${LD_LIBRARY_PATH:-} exec "$@"
WRAPPER
    chmod 755 "$work" "$work/run"
    # A concurrent run unpacks the same files.
    if ! [ -e "$cache" ]; then mv "$work" "$cache"; fi
}

download() {
    local wanted
    mapfile -t wanted < <(missing)
    # Otherwise apt, when run as root, warns that its own user cannot write here.
    (cd "$work" && apt-get -o APT::Sandbox::User="$(id -un)" --quiet download "${wanted[@]}") >/dev/null 2>&1
}

# Prints the packages, and their dependencies that are not installed.
missing() {
    printf '%s\n' "${packages[@]}"
    apt-get install --simulate --no-install-recommends "${packages[@]}" 2>/dev/null |
        awk '$1 == "Inst" { print $2 }'
}

refresh() {
    [ "$(id -u)" -eq 0 ] && apt-get update --quiet >/dev/null 2>&1
}

no_route() {
    echo "$1" >&2
    exit 2
}

main
