#!/usr/bin/env bash
# bundle.sh BUILD: dist/ingot-VERSION-linux-x86_64.tar.xz with the command line, the libraries, the headers and the Python
# wheel. Runs unpacked anywhere on x86-64 Linux with this machine's glibc or a newer one: the C++ library is inside.
# Called by ./dev bundle in the repository's root; what it builds goes below the folder BUILD.
set -euo pipefail
build=$(realpath "$1") venv=$PWD/.venv/bin

version=$(sed -n 's/^project(ingot VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=ingot-$version-linux-x86_64
stage=$build/stage/$name
rm -rf "$build/stage"
mkdir -p dist

say() { printf '== %s\n' "$*" >&2; }

# A build of its own, with the C++ library inside; ccache makes it a short one after a normal build.
bundle=$build/bundle
"$venv/cmake" -S . -B "$bundle" -G Ninja -DCMAKE_MAKE_PROGRAM="$venv/ninja" -DCMAKE_BUILD_TYPE=Release \
  -DINGOT_STATIC_STDLIB=ON -DINGOT_TESTS=OFF -DINGOT_PYTHON=OFF >/dev/null
"$venv/cmake" --build "$bundle" -j "${INGOT_JOBS:-$(nproc)}" --target ingot ingot_rt ingot_cli
"$venv/cmake" --install "$bundle" --prefix "$stage" --component ingot --strip >/dev/null
cp README.md "$stage/"

say "making the wheel"
PATH=$venv:$PATH "$venv/python" -m pip wheel . --quiet --disable-pip-version-check --no-build-isolation --no-deps \
  --wheel-dir "$stage/python" -C build-dir="$build/wheel" -C cmake.define.INGOT_STATIC_STDLIB=ON

tar -C "$build/stage" --sort=name --owner=0 --group=0 --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" \
  -cf - "$name" | xz -6 -T0 >"dist/$name.tar.xz"
size=$(stat -c %s "dist/$name.tar.xz")
((size < 30000000)) || { echo "bundle: dist/$name.tar.xz takes $size bytes, at most 30 MB are allowed" >&2; exit 1; }

# The proof: unpacked in another folder, with an empty environment.
say "trying it elsewhere"
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
tar -C "$elsewhere" -xf "dist/$name.tar.xz"
root=$PWD ingot=$elsewhere/$name/bin/ingot
(cd / && env -i "$ingot" build "$root/examples/digits/digits.onnx" -o "$elsewhere/digits.ingot" --level 0)
(cd / && env -i "$ingot" run "$elsewhere/digits.ingot")
"$venv/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$elsewhere/site" "$elsewhere/$name"/python/*.whl
(cd / && env -i PYTHONPATH="$elsewhere/site" "$venv/python" -c "import ingot; print(ingot.load('$elsewhere/digits.ingot').outputs)")
if ldd "$ingot" "$elsewhere/$name"/lib/*.so | grep -E "=> (not found|.*(stdc\+\+|libgcc_s|protobuf|fmt|spdlog))"; then
  echo "bundle: needs a library that is not glibc" >&2
  exit 1
fi
say "dist/$name.tar.xz: $size bytes"
