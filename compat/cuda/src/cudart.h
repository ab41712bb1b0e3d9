// A stand-in for the CUDA runtime on machines without a GPU: "device" memory is host memory, work is done
// when it is asked for, so that a stream is always idle. What the files of this folder share.
#pragma once

#include <cstddef>

#define INGOT_CUDA_API extern "C" __attribute__((visibility("default")))

namespace ingot::cudart {

/// CUDA's numbers.
enum Error : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kMemoryAllocation = 2,
  kInvalidMemcpyDirection = 21,
  kInvalidDevice = 101,
  kInvalidResourceHandle = 400,
  kPeerAccessUnsupported = 217,
  kHostMemoryAlreadyRegistered = 712,
  kHostMemoryNotRegistered = 713,
  kNotSupported = 801,
};

/// Remembers a failure for cudaGetLastError; every call returns through it.
Error keep(Error error) noexcept;

struct Stream;
struct Event;

/// The machine's memory, in bytes.
size_t total_memory();
size_t free_memory();

}  // namespace ingot::cudart
