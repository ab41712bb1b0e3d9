#!/usr/bin/env bash
# bundle.sh BUILD: dist/ingot-VERSION-linux-x86_64.tar.xz with the command line, the libraries, the headers and the Python
# wheel. Runs unpacked anywhere on x86-64 Linux with this machine's glibc or a newer one: the C++ library is inside.
# Called by ./dev bundle in the repository's root; what it builds goes below the folder BUILD and beside it.
set -euo pipefail
build=$(realpath "$1") venv=$PWD/.venv/bin

version=$(sed -n 's/^project(ingot VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=ingot-$version-linux-x86_64
stage=$build/stage/$name
rm -rf "$build/stage"
mkdir -p dist

say() { printf '== %s\n' "$*" >&2; }

# A build of its own, with the C++ library inside. In a folder beside BUILD, from where the sources have the same relative
# paths, ccache makes it a short one after a normal build.
bundle=$build-bundle
"$venv/cmake" -S . -B "$bundle" -G Ninja -DCMAKE_MAKE_PROGRAM="$venv/ninja" -DCMAKE_BUILD_TYPE=Release \
  -DINGOT_STATIC_STDLIB=ON -DINGOT_TESTS=OFF -DINGOT_PYTHON=OFF >/dev/null
"$venv/cmake" --build "$bundle" -j "${INGOT_JOBS:-$(nproc)}"
"$venv/cmake" --install "$bundle" --prefix "$stage" --component ingot --strip >/dev/null
cp README.md "$stage/"

say "making the wheel"  # with the compiler by the same name, which ccache heeds
CC=cc CXX=c++ PATH=$venv:$PATH "$venv/python" -m pip wheel . --quiet --disable-pip-version-check --no-build-isolation --no-deps \
  --wheel-dir "$stage/python" -C build-dir="$build-wheel" -C cmake.define.INGOT_STATIC_STDLIB=ON

tar -C "$build/stage" --sort=name --owner=0 --group=0 --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" \
  -cf - "$name" | xz -6 -T0 >"dist/$name.tar.xz"
size=$(stat -c %s "dist/$name.tar.xz")
((size < 30000000)) || { echo "bundle: dist/$name.tar.xz takes $size bytes, at most 30 MB are allowed" >&2; exit 1; }

# The proof: the tests of the command line, of the README's examples and of TensorRT's programs on the unpacked archive,
# with an empty environment, and with build folder and sources out of sight.
say "trying it elsewhere"
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
tar -C "$elsewhere" -xf "dist/$name.tar.xz"
"$venv/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$elsewhere/site" "$elsewhere/$name"/python/*.whl
hidden=(unshare --map-root-user --mount)
if "${hidden[@]}" true 2>/dev/null; then
  hidden+=(sh -c 'for f in "$BUILD" "$BUILD"-* src include python compat; do mount -t tmpfs none "$f" || exit; done; unset BUILD; exec "$@"' sh)
else
  say "no user namespaces here: the build folder stays in sight"
  hidden=()
fi
test_in() {  # PREFIX TEST...
  env -i PATH="$PATH" BUILD="$build" PYTHONPATH="$elsewhere/site" INGOT_PREFIX="$1" "${hidden[@]}" \
    "$venv/python" -m pytest -q -p no:cacheprovider "${@:2}"
}
test_in "$elsewhere/$name" tests/python/test_cli.py tests/python/test_readme.py \
  tests/tensorrt/test_{exec,cuda,programs,trtexec,modules}.py
PYTHONPATH=$elsewhere/site "$venv/python" "$elsewhere/site/bin/ingot" --version  # the wheel's own
test_in "$elsewhere/site/ingot" tests/python/test_cli.py tests/tensorrt/test_exec.py

# What it needs of the system it runs on: glibc, of Debian 12's version at most, and nothing found by a fixed path.
shopt -s globstar nullglob
binaries=("$elsewhere/$name/bin/ingot" "$elsewhere/$name"/lib/**/*.so "$elsewhere"/site/ingot/{bin/ingot,bin/trtexec,*.so,lib/**/*.so*})
if needed=$(ldd "${binaries[@]}" | grep -E "=> (not found|.*(stdc\+\+|libgcc_s|protobuf|fmt|spdlog))"); then
  echo "bundle: needs a library that is not glibc: $needed" >&2
  exit 1
fi
if paths=$(readelf -d "${binaries[@]}" | grep -E '(RPATH|RUNPATH)' | grep -vE '\[\$ORIGIN[^]:]*(:\$ORIGIN[^]:]*)*\]'); then
  echo "bundle: looks for libraries in $paths" >&2
  exit 1
fi
newest=$(objdump -T "${binaries[@]}" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)
[[ $(printf '%s\n' "$newest" GLIBC_2.36 | sort -V | tail -1) == GLIBC_2.36 ]] ||
  { echo "bundle: needs $newest, expected GLIBC_2.36 at most: build it on Debian 12" >&2; exit 1; }
say "dist/$name.tar.xz: $size bytes, needs $newest"
