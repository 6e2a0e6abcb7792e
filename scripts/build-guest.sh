#!/usr/bin/env bash
# Builds the blank guest, target/guest/wasm32-unknown-unknown/guest/canopy_guest.wasm, which
# the trainer bakes models into, and the guests for the tests:
#
#   build-guest.sh [blank]   blank: without the guests for the tests
#
# Needs cargo and a compiler for wasm32-unknown-unknown, taken from the first of these routes
# that works:
#
#   1. the installed compiler, if it has the target;
#   2. rustup, which adds the target to it;
#   3. Debian's rustc-web packages, unpacked into a folder without installation or root.
#
# Environment:
#   CANOPY_GUEST_ROUTE      rustup (1 and 2) or debian (3): restricts the routes; default: all
#   CANOPY_GUEST_TOOLCHAIN  folder for route 3's compiler; default: .cache/guest-toolchain
set -euo pipefail

readonly target=wasm32-unknown-unknown
readonly rustup_seconds=180

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${CANOPY_GUEST_TOOLCHAIN:-$root/.cache/guest-toolchain}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
debian=$cache/debian
route=${CANOPY_GUEST_ROUTE:-any}
packages=(-p canopy-guest)
case ${1:-all} in
    all) packages+=(-p canopy-unruly-guest -p canopy-wasi-guest) ;;
    blank) ;;
    *) echo "usage: build-guest.sh [blank]" >&2 && exit 1 ;;
esac

main() {
    cd "$root"
    command -v cargo >/dev/null || fail "cargo is not on the PATH: install Rust, see https://rustup.rs"
    case $route in
        any) with_rustup || with_debian || no_route ;;
        rustup) with_rustup || no_route ;;
        debian) with_debian || no_route ;;
        *) fail "CANOPY_GUEST_ROUTE is '$route': expected rustup or debian" ;;
    esac
    local guest=target/guest/$target/guest/canopy_guest.wasm
    say "$guest ($(wc -c <"$guest" | tr -d ' ') bytes)"
}

# Routes 1 and 2: the installed compiler.
with_rustup() {
    has_target || add_target || return 1
    say "compiling with $(rustc --version)"
    build "$(rustc --print sysroot)"
}

has_target() {
    command -v rustc >/dev/null && [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]
}

add_target() {
    if ! command -v rustup >/dev/null; then
        say "the compiler in use lacks $target, and there is no rustup to add it"
        return 1
    fi
    say "adding $target with rustup (at most $rustup_seconds s)"
    if within "$rustup_seconds" rustup target add "$target" && has_target; then return; fi
    say "rustup could not add $target"
    return 1
}

# within SECONDS COMMAND...: runs a command with a timeout, except on macOS, which has none.
within() {
    if command -v timeout >/dev/null; then timeout "$@"; else "${@:2}"; fi
}

# Route 3: Debian's compiler, which builds the standard library for the target itself.
with_debian() {
    [ -x "$debian/rustc" ] || fetch_debian || return 1
    local linker
    linker=$(find_linker) || return 1
    say "compiling with $("$debian/rustc" --version) from $debian"
    RUSTC=$debian/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker \
        build "$debian" -Zbuild-std=std,panic_abort
}

# Downloads and unpacks the compiler into $debian, atomically.
fetch_debian() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
        say "this is no Debian: there is no apt-get to download a compiler with"
        return 1
    fi
    know_packages || return 1

    if ! mkdir -p "$cache" || ! work=$(mktemp -d "$cache/unfinished.XXXXXX"); then return 1; fi
    trap 'rm -rf "$work"' EXIT
    local wanted
    mapfile -t wanted < <(debian_packages)
    say "downloading ${#wanted[@]} Debian packages: ${wanted[*]}"
    # Otherwise apt, when run as root, warns that its own user cannot write here.
    local sandbox=(-o APT::Sandbox::User="$(id -un)")
    if ! download && ! { refresh && download; }; then
        say "apt-get could not download them"
        return 1
    fi
    say "unpacking"
    local package
    for package in "$work"/*.deb; do
        if ! dpkg -x "$package" "$work/debian"; then
            say "dpkg could not unpack $package"
            return 1
        fi
        rm "$package"
    done
    cat >"$work/debian/rustc" <<'WRAPPER'
#!/bin/sh
# Runs the compiler next to this file with the libraries next to it.
here=$(dirname "$(readlink -f "$0")")
for library in "$here"/usr/lib/*/librustc_driver-*.so; do
    LD_LIBRARY_PATH=$(dirname "$library") exec "$here/usr/bin/rustc" "$@"
done
WRAPPER
    chmod +x "$work/debian/rustc"
    if ! "$work/debian/rustc" --version >/dev/null; then
        say "the unpacked compiler does not run"
        return 1
    fi
    # A concurrent run unpacks the same files.
    if ! [ -e "$debian" ] && ! mv "$work/debian" "$debian"; then return 1; fi
    rm -rf "$work"
}

# Uses the variables of fetch_debian.
download() {
    (cd "$work" && apt-get "${sandbox[@]}" --quiet download "${wanted[@]}")
}

# Outdated lists refer to versions that no longer exist.
refresh() {
    [ "$(id -u)" -eq 0 ] || return 1
    say "refreshing apt's package lists"
    apt-get update --quiet >/dev/null || true
}

know_packages() {
    if apt-cache show rustc-web >/dev/null 2>&1; then return; fi
    if refresh; then
        if apt-cache show rustc-web >/dev/null 2>&1; then return; fi
        say "apt's package lists have no rustc-web: Debian 12 or later has it"
    else
        say "apt's package lists are absent or have no rustc-web: run 'apt-get update' as root once"
    fi
    return 1
}

# The compiler, the sources of its standard library, and the libraries that are not
# installed; a linker if the installed compiler has none.
debian_packages() {
    local llvm
    llvm=$(depends_of rustc-web | grep -E '^libllvm[0-9]+$')
    {
        echo rustc-web
        echo rust-web-src
        depends_of rustc-web | grep -E '^libstd-rust-web-'
        echo "$llvm"
        not_installed < <(depends_of "$llvm")
        if ! own_linker >/dev/null; then
            echo "lld-${llvm#libllvm}"
            not_installed < <(depends_of "lld-${llvm#libllvm}")
        fi
    } | sort -u
}

depends_of() {
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances "$1" | grep -E '^[a-z0-9]' | sort -u
}

not_installed() {
    local package status
    while read -r package; do
        status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null) || true
        [ "$status" = installed ] || echo "$package"
    done
}

find_linker() {
    if own_linker; then return; fi
    local linker
    for linker in "$debian"/usr/lib/llvm-*/bin/wasm-ld "$(command -v wasm-ld || true)"; do
        if [ -x "$linker" ]; then
            echo "$linker"
            return
        fi
    done
    say "no linker for WebAssembly: install lld, or delete $debian and try again" >&2
    return 1
}

# The linker that comes with rustup's compiler.
own_linker() {
    local linker
    command -v rustc >/dev/null || return 1
    for linker in "$(rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld; do
        if [ -x "$linker" ]; then
            echo "$linker"
            return
        fi
    done
    return 1
}

# Runs cargo; keeps the paths of this machine out of the guest.
build() {
    local sysroot=$1
    shift
    local flags=(
        "-Ctarget-feature=+simd128"
        "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
        "--remap-path-prefix=$sysroot=/rust"
        "--remap-path-prefix=$root=/canopy"
    )
    local IFS=$'\x1f'
    CARGO_ENCODED_RUSTFLAGS="${flags[*]}" cargo build --profile guest \
        "${packages[@]}" --target "$target" --target-dir target/guest "$@" ||
        fail "the guest does not compile, see above"
}

no_route() {
    fail "there is no way to a compiler for $target here. Either
  connect to https://static.rust-lang.org and run 'rustup target add $target', or
  use a Debian 12 or later with its package mirror, after 'apt-get update', or
  build the guest elsewhere and point the trainer at it with CANOPY_GUEST"
}

say() {
    echo "guest: $*"
}

fail() {
    echo "guest: error: $*" >&2
    exit 1
}

main
