// Engine bytes: a damaged file is refused with a message. One that is forged, with checksums that fit, is
// loaded and planned, or refused, too; it is not run, for a plan is a program, and what its kernels compute
// is its maker's word.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

#include "run_engine.h"

using namespace ingot;

namespace {

// The header of docs/engine_format.md: magic, version, section count, {offset, size, checksum} each,
// checksum.
constexpr size_t kFirstSection = 16, kSectionBytes = 24, kSections = 5;
constexpr size_t kHeaderChecksum = kFirstSection + kSections * kSectionBytes;

uint64_t word(const std::vector<uint8_t>& bytes, size_t at) {
  uint64_t value;
  memcpy(&value, &bytes[at], sizeof value);
  return value;
}

// Makes the checksums fit the bytes, as a forger would.
void seal(std::vector<uint8_t>& bytes) {
  if (bytes.size() < kHeaderChecksum + 8) return;
  for (size_t i = 0; i < kSections; ++i) {
    const size_t entry = kFirstSection + i * kSectionBytes;
    const uint64_t offset = word(bytes, entry), size = word(bytes, entry + 8);
    if (offset > bytes.size() || size > bytes.size() - offset) continue;
    const uint64_t sum = XXH3_64bits(&bytes[0] + offset, size);
    memcpy(&bytes[entry + 16], &sum, sizeof sum);
  }
  const uint64_t sum = XXH3_64bits(bytes.data(), kHeaderChecksum);
  memcpy(&bytes[kHeaderChecksum], &sum, sizeof sum);
}

void load_and_run(const std::vector<uint8_t>& bytes, bool forged) {
  const auto engine = load_bytes(bytes.data(), bytes.size());
  if (engine.ok())
    fuzz::plan_and_run(*engine, !forged);
  else
    fuzz::require(!engine.status().message().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  load_and_run(bytes, false);
  seal(bytes);
  load_and_run(bytes, true);
  return 0;
}
