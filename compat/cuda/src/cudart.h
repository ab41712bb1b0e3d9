// A stand-in for the CUDA runtime on machines without a GPU: "device" memory is host memory, work is done
// when it is asked for, so that a stream is always idle. What the files of this folder share.
#pragma once

#include <functional>

#pragma GCC visibility push(default)  // what programs call, and nothing else
#include "cuda_runtime_api.h"
#pragma GCC visibility pop

namespace ingot::cudart {

/// Remembers a failure for cudaGetLastError; every call returns through it.
cudaError_t keep(cudaError_t error) noexcept;

/// Does a stream's work, or, while the stream is captured, adds it to the graph.
cudaError_t submit(cudaStream_t stream, std::function<void()> work);
/// Whether the stream takes calls that a capture does not allow: cudaErrorStreamCaptureUnsupported if not.
cudaError_t check_not_captured(cudaStream_t stream);

/// The machine's memory, in bytes.
size_t total_memory();
size_t free_memory();

}  // namespace ingot::cudart
