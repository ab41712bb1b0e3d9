#!/bin/sh
# What the shared libraries are made of: libraries_test.sh LIBINGOT LIBINGOT_RT STRIP
set -eu
full=$1 run_only=$2 strip=$3
fail() { echo "libraries_test: $*" >&2; exit 1; }

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
for library in "$full" "$run_only"; do
  for name in $(needed "$library"); do
    case $name in
      libc.so.* | libm.so.* | ld-linux-x86-64.so.* | libstdc++.so.* | libgcc_s.so.* | lib*san.so.*) ;;
      *) fail "$library needs $name" ;;
    esac
  done
  # Exported: our own names, and nothing of the libraries inside (weak templates of the standard library aside).
  foreign=$(nm -DC --defined-only "$library" | grep ' [TDB] ' | grep -vE ' (ingot|vtable for ingot|typeinfo|VTT|_init|_fini|__asan|__ubsan)' || true)
  [ -z "$foreign" ] || fail "$library exports $foreign"
done

# The run-only library has neither the compiler nor a front end in it.
symbols=$(nm -C "$run_only" 2>/dev/null || true)
for room in ingot::onnx_import:: 'ingot::ops::(anonymous namespace)::cases'  google::protobuf 'ingot::lower(' 'ingot::compile(' ingot::Tuner ingot::cpu::make_target; do
  case $symbols in *"$room"*) fail "libingot_rt contains $room" ;; esac
done
[ -z "${INGOT_SANITIZED:-}" ] || exit 0  # larger, and not what is shipped
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
"$strip" -o "$stripped" "$run_only"
size=$(wc -c <"$stripped")
[ "$size" -lt 3000000 ] || fail "libingot_rt takes $size bytes stripped, at most 3 MB are allowed"
echo "libingot_rt: $size bytes stripped"
