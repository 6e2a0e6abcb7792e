#!/bin/sh
# Called by cargo instead of the compiler for the crates of this workspace: has LLVM count which
# branches are taken, and what is compared, for libFuzzer. Dependencies are compiled as always,
# so that they are shared with ordinary builds.
exec "$@" -Cpasses=sancov-module -Copt-level=1 -Cdebug-assertions=yes -Coverflow-checks=yes \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
