#!/bin/sh
# Called by cargo in place of the compiler for the crates of this workspace: instruments branches
# and comparisons for libFuzzer. Dependencies are compiled as usual, so that ordinary builds can
# share them.
exec "$@" -Cpasses=sancov-module -Copt-level=1 -Cdebug-assertions=yes -Coverflow-checks=yes \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
