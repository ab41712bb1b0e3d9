#!/bin/sh
# What the shared libraries are made of: libraries_test.sh LIBINGOT LIBINGOT_RT STRIP PACKED, which says whether
# relocations are.
set -eu
full=$1 run_only=$2 strip=$3 packed=$4
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
# Older systems (Ubuntu 22.04) do not pack relocations, and their compilers add checks of the stack.
case $packed in 1 | ON | TRUE | YES) limit=3000000 ;; *) limit=3300000 ;; esac
[ "$size" -lt $limit ] || fail "libingot_rt takes $size bytes stripped, at most $limit are allowed"
echo "libingot_rt: $size bytes stripped"
