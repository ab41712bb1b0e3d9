// Engine bytes: a damaged file is refused with a message. One that is forged, with checksums that fit, is
// loaded and planned, or refused, too; it is not run, for a plan is a program, and what its kernels compute
// is its maker's word.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdlib>
#include <cstring>

#include "ingot/engine.h"

using namespace ingot;

namespace {

constexpr size_t kMostMemory = 64 << 20;
constexpr int64_t kMostElements = 1 << 16;

// The header of docs/engine_format.md: magic, version, section count, {offset, size, checksum} each,
// checksum.
constexpr size_t kFirstSection = 16, kSectionBytes = 24, kSections = 5;
constexpr size_t kHeaderChecksum = kFirstSection + kSections * kSectionBytes;

void require(bool condition) {
  if (!condition) abort();
}

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

// Dims for an input: a number as it stands, 2 for whatever is free.
bool choose_dims(const TensorInfo& info, Dims& dims, int64_t& elements) {
  elements = 1;
  for (const std::string& dim : info.dims) {
    char* end;
    const long long number = strtoll(dim.c_str(), &end, 10);
    dims.push_back(*end == 0 ? number : 2);
    if (dims.back() < 0 || __builtin_mul_overflow(elements, dims.back(), &elements)) return false;
  }
  return elements <= kMostElements;
}

void plan_and_run(const Engine& engine, bool forged) {
  auto context = engine.context(1);
  if (!context.ok()) return;
  std::vector<std::vector<uint64_t>> memory;
  for (const TensorInfo& info : engine.inputs()) {
    Dims dims;
    int64_t elements;
    if (!choose_dims(info, dims, elements)) return;
    memory.emplace_back(byte_size(info.dtype, elements) / 8 + 1);
    if (!context->set_input(info.name, {info.dtype, dims, memory.back().data()}).ok()) return;
  }
  const auto needed = context->memory_bytes();
  if (forged || !needed.ok() || *needed > kMostMemory) return;
  if (!context->run().ok()) return;
  for (const TensorInfo& info : engine.outputs()) require(context->output(info.name).ok());
}

void load_and_run(const std::vector<uint8_t>& bytes, bool forged) {
  const auto engine = load_bytes(bytes.data(), bytes.size());
  if (engine.ok())
    plan_and_run(*engine, forged);
  else
    require(!engine.status().message().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  load_and_run(bytes, false);
  seal(bytes);
  load_and_run(bytes, true);
  return 0;
}
