#!/usr/bin/env bash
# Puts Debian's Prometheus, Alertmanager and exporters into .cache/stack, unpacked without
# installation or root. Afterwards .cache/stack/bin has
#
#   prometheus promtool alertmanager amtool node_exporter blackbox_exporter jq
#
# Give alertmanager absolute paths, because it changes to the folder with its template. Exits with 2
# if the programs are not available.
#
# Environment:
#   CANOPY_STACK_BINARIES  a folder to use instead of .cache/stack; if its bin already has the
#                          programs, such as another distribution's, they are used as they are
set -euo pipefail

readonly packages=(
    prometheus prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter
)
readonly programs=(prometheus promtool alertmanager amtool node_exporter blackbox_exporter jq)
# Where Debian's Alertmanager looks for its template; compiled in, without a flag.
readonly assets=/usr/share/prometheus/alertmanager

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${CANOPY_STACK_BINARIES:-$root/.cache/stack}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac

main() {
    if complete "$cache"; then return; fi
    [ ! -e "$cache" ] || fail "$cache lacks some of: ${programs[*]}; delete it and try again"
    for tool in apt-get apt-cache dpkg; do
        command -v "$tool" >/dev/null || no_route "this is no Debian: there is no $tool"
    done
    know_packages
    fetch
    say "$("$cache/bin/prometheus" --version 2>&1 | head -n 1), $("$cache/bin/alertmanager" --version 2>&1 | head -n 1)"
}

complete() {
    local program
    for program in "${programs[@]}"; do
        [ -x "$1/bin/$program" ] || return 1
    done
}

know_packages() {
    if known; then return; fi
    refresh ||
        no_route "apt's package lists are absent or have no prometheus: run 'apt-get update' as root once"
    known || no_route "apt's package lists have no prometheus"
}

refresh() {
    [ "$(id -u)" -eq 0 ] || return 1
    say "refreshing apt's package lists"
    apt-get update --quiet >/dev/null || true
}

# Uses the variables of fetch.
download() {
    (cd "$work" && apt-get "${sandbox[@]}" --quiet download "${wanted[@]}") >&2
}

known() {
    local package
    for package in "${packages[@]}"; do
        apt-cache show "$package" >/dev/null 2>&1 || return 1
    done
}

# Downloads and unpacks into $cache, atomically.
fetch() {
    mkdir -p "$(dirname "$cache")"
    work=$(mktemp -d "$cache.unfinished.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    local wanted=("${packages[@]}")
    command -v jq >/dev/null || wanted+=(jq libjq1 libonig5)
    say "downloading ${#wanted[@]} Debian packages: ${wanted[*]}"
    # Otherwise apt, when run as root, warns that its own user cannot write here.
    local sandbox=(-o APT::Sandbox::User="$(id -un)")
    download || {
        # Outdated lists refer to versions that no longer exist.
        refresh && download
    } || no_route "apt-get could not download them"
    say "unpacking"
    local package
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$work" || fail "dpkg could not unpack $package"
        rm "$package"
    done
    rm -rf "${work:?}"/{etc,lib,var,usr/share/doc,usr/share/man}
    free_alertmanager
    link_programs
    check_programs
    chmod 755 "$work"
    # A concurrent run unpacks the same files.
    if ! [ -e "$cache" ]; then mv "$work" "$cache"; fi
}

# Replaces Alertmanager's absolute path with a relative one of the same length.
free_alertmanager() {
    [ -f "$work$assets/default.tmpl" ] || return 0
    LC_ALL=C sed -i "s|$assets|.//./${assets#/usr/}|g" "$work/usr/bin/prometheus-alertmanager"
}

link_programs() {
    mkdir "$work/bin"
    ln -s ../usr/bin/promtool ../usr/bin/amtool "$work/bin/"
    ln -s ../usr/bin/prometheus-blackbox-exporter "$work/bin/blackbox_exporter"
    if [ -x "$work/usr/bin/jq" ]; then
        # shellcheck disable=SC2016  # $here is the wrapper's
        wrapper jq 'LD_LIBRARY_PATH=$(dirname "$here"/usr/lib/*/libjq.so.1) exec "$here/usr/bin/jq" "$@"'
    else
        ln -s "$(command -v jq)" "$work/bin/jq"
    fi
    # shellcheck disable=SC2016  # $here is the wrapper's
    {
        wrapper prometheus 'exec "$here/usr/bin/prometheus" --web.local-assets="$here/usr/share/prometheus/web" "$@"'
        # Debian enables a collector that needs systemd and one that reads a folder of the package.
        wrapper node_exporter 'exec "$here/usr/bin/prometheus-node-exporter" --no-collector.systemd --collector.textfile.directory= "$@"'
        wrapper alertmanager 'cd "$here/usr" && exec ./bin/prometheus-alertmanager "$@"'
    }
}

# wrapper NAME COMMAND: writes bin/NAME; $here is the folder that bin is in.
wrapper() {
    cat >"$work/bin/$1" <<WRAPPER
#!/bin/sh
here=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
$2
WRAPPER
    chmod +x "$work/bin/$1"
}

check_programs() {
    local program
    for program in "${programs[@]}"; do
        "$work/bin/$program" --version >/dev/null 2>&1 || fail "the unpacked $program does not run"
    done
}

no_route() {
    say "error: $1. Either
  use a Debian 12 or later with its package mirror, after 'apt-get update', or
  put ${programs[*]} into a folder's bin and name the folder with CANOPY_STACK_BINARIES"
    exit 2
}

# Written to standard error to keep standard output free for results.
say() {
    echo "stack: $*" >&2
}

fail() {
    echo "stack: error: $*" >&2
    exit 1
}

main
