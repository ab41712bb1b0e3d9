// Custom ops on the GPU.
#pragma once

#include "backends/cuda/run/kernel.h"
#include "ops/custom.h"

namespace ingot::cuda {

/// Null where the program's op works on the host's memory.
Result<std::unique_ptr<Kernel>> make_custom_kernel(const KernelSource& source);

}  // namespace ingot::cuda
