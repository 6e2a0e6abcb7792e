#!/usr/bin/env bash
# tool.sh PROGRAM PACKAGE [PATH]: prints the path of a program: the installed one, or that of
# Debian's package at PATH (default: usr/bin/PROGRAM), unpacked without installation. Exits with 2
# if it is not available.
set -euo pipefail

program=$1 package=$2 path=${3:-usr/bin/$1}

if command -v "$program"; then exit; fi
folder=$("$(dirname "${BASH_SOURCE[0]}")/unpack.sh" "$package" "$package")
wrapper=$folder/run-$program
if ! [ -x "$wrapper" ]; then
    printf '#!/bin/sh\nexec "%s/run" "%s/%s" "$@"\n' "$folder" "$folder" "$path" >"$wrapper.$$"
    chmod 755 "$wrapper.$$"
    mv "$wrapper.$$" "$wrapper"
fi
if ! reason=$("$wrapper" --version 2>&1 || "$wrapper" version 2>&1 || "$wrapper" -v 2>&1); then
    echo "Debian's $package, unpacked into $folder, does not run; delete it and try again: $reason" >&2
    exit 2
fi
echo "$wrapper"
