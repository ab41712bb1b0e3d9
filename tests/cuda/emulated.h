// Runs a kernel on the host: its text compiled as C++ with what emulation/ says about the GPU. Slow; for the
// logic of kernels where there is no GPU.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// `pointers` are those of the launch, in memory of the host. Errors: kNotFound without a compiler; kInternal
/// with its messages, or when threads wait for each other for ever.
Status run_emulated(const KernelSpec& spec, const std::vector<void*>& pointers);

}  // namespace ingot::cuda
