// The CUDA runtime that the client's process has loaded (without a GPU a stand-in for it), where a call needs
// it: streams that are recorded into a graph.
#pragma once

#include "ingot_tensorrt.h"

namespace ingot::tensorrt {

/// Whether the stream's work goes into a graph instead of being done.
bool is_captured(cudaStream_t stream);
/// Puts a call of the host on the stream. False: no runtime takes it.
bool launch_host_function(cudaStream_t stream, void (*function)(void*), void* data);

}  // namespace ingot::tensorrt
