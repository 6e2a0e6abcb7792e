#!/usr/bin/env bash
# Packages the programs in target/release for a release: dist/canopy-VERSION-TRIPLE.tar.gz and its
# SHA-256.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(target/release/canopy --version)
triple=$(rustc --version --verbose | sed -n 's/^host: //p')
name=canopy-${version#canopy }-$triple

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p dist "$work/$name"
for program in canopy canopy-trainer canopy-evaluation; do
    strip -o "$work/$name/$program" "target/release/$program"
    "$work/$name/$program" --version >/dev/null
done
cp LICENSE README.md model-wasm/specs/bike-sharing.toml "$work/$name"
tar -czf "dist/$name.tar.gz" -C "$work" "$name"
cd dist
# macOS has no sha256sum.
if command -v sha256sum >/dev/null; then
    sha256sum "$name.tar.gz" >"$name.tar.gz.sha256"
else
    shasum -a 256 "$name.tar.gz" >"$name.tar.gz.sha256"
fi
echo "package: dist/$name.tar.gz"
