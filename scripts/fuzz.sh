#!/usr/bin/env bash
# Fuzzes every parser for some seconds, one target per processor at a time:
#
#   scripts/fuzz.sh SECONDS [TARGET…]
#
# The fuzzer is libFuzzer, guided by branch coverage; fuzz/src/lib.rs documents what the targets
# check. Failing inputs are saved in fuzz/regressions, where a test replays them; the corpus is in
# .cache/fuzz.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly binary=target/release/canopy-fuzz
export seconds=${1:?how many seconds for every target}
shift

main() {
    local targets=("$@")
    if [ ${#targets[@]} -eq 0 ]; then
        mapfile -t targets < <(sed -n 's/^    ("\(.*\)", .*::check),$/\1/p' fuzz/src/target/mod.rs)
    fi
    if ! command -v "${CXX:-c++}" >/dev/null; then
        scripts/not-run.sh "fuzzing" "libFuzzer takes a C++ compiler, and there is no ${CXX:-c++}"
        exit
    fi
    CARGO_INCREMENTAL=1 RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/fuzz-rustc.sh cargo build --release \
        --features canopy-fuzz/libfuzzer --bin canopy-fuzz
    # The next ordinary build has a file of the same name.
    mkdir -p .cache/fuzz
    cp "$binary" .cache/fuzz/canopy-fuzz
    export -f fuzz say
    printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz {}' ||
        { say "FAILED: see fuzz/regressions"; exit 1; }
}

# Fuzzes one target.
fuzz() {
    local target=$1 learned=.cache/fuzz/$1 log=.cache/fuzz/$1.log found=fuzz/regressions/$1
    mkdir -p "$learned/new" "$learned/made" "$found"
    local seeds=("$learned/made" fuzz/seeds/"$target")
    [ -d "${seeds[1]}" ] || unset 'seeds[1]'
    if CANOPY_FUZZ_TARGET=$target CANOPY_FUZZ_SEEDS=$learned/made .cache/fuzz/canopy-fuzz \
        -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=8192 \
        -artifact_prefix="$found/" "$learned/new" "${seeds[@]}" >"$log" 2>&1; then
        rmdir --ignore-fail-on-non-empty "$found"
        # Shows "Done 123 runs in 6 second(s)" and the last "cov: 702 ft: 1747".
        say "$target: $(sed -n 's/^Done \(.*\) in \(.*\) second(s)$/\1 in \2 s/p' "$log")," \
            "$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)"
    else
        grep -E 'panicked|ERROR|Test unit written|^[a-z].*' "$log" | tail -n 15 >&2
        say "$target: found something, see above and $log"
        return 1
    fi
}

say() {
    echo "fuzz: $*"
}

main "$@"
