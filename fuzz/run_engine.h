// What fuzzers do with an engine that came out of odd bytes.
#pragma once

#include <cstdlib>

#include "ingot/engine.h"

namespace ingot::fuzz {

inline constexpr size_t kMostMemory = 64 << 20;
inline constexpr int64_t kMostElements = 1 << 16;

inline void require(bool condition) {
  if (!condition) abort();
}

/// Dims for an input: a number as it stands, 2 for whatever is free. False: more than a fuzzer has time for.
inline bool choose_dims(const TensorInfo& info, Dims& dims, int64_t& elements) {
  elements = 1;
  for (const std::string& dim : info.dims) {
    char* end;
    const long long number = strtoll(dim.c_str(), &end, 10);
    dims.push_back(*end == 0 ? number : 2);
    if (dims.back() < 0 || __builtin_mul_overflow(elements, dims.back(), &elements)) return false;
  }
  return elements <= kMostElements;
}

/// Plans the engine's memory for inputs of zeros, and with `run` runs it where that is not too large.
inline void plan_and_run(const Engine& engine, bool run) {
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
  if (!run || !needed.ok() || *needed > kMostMemory) return;
  if (!context->run().ok()) return;
  for (const TensorInfo& info : engine.outputs()) require(context->output(info.name).ok());
}

}  // namespace ingot::fuzz
