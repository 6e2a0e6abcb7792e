# shellcheck shell=bash
# Sourced by start.sh and stop.sh: what `make all` started and whether it still runs.

# The kernel names executables without symbolic links.
cd -P .
state=.run
binary=target/release/canopy

# Prints the process id of the host that was started here. Fails if it does not run, also if
# another program has got its number since.
running() {
    local pid executable
    pid=$(cat "$state/pid" 2>/dev/null) || return 1
    executable=$(readlink "/proc/$pid/exe" 2>/dev/null) || return 1
    # A rebuilt binary leaves the old one marked as deleted.
    [[ ${executable% (deleted)} == "$PWD/$binary" ]] || return 1
    echo "$pid"
}
