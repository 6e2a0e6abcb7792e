#!/usr/bin/env bash
# Prints the path of libfaketime, a library that fakes the time for a program: Debian's,
# unpacked into .cache/faketime. Exits with 2 if it is not available.
set -euo pipefail

cache=$("$(dirname "${BASH_SOURCE[0]}")/unpack.sh" faketime libfaketime)
for library in "$cache"/usr/lib/*/faketime/libfaketime.so.1; do
    [ -e "$library" ] && echo "$library" && exit
done
echo "$cache has no libfaketime; delete it and try again" >&2
exit 2
