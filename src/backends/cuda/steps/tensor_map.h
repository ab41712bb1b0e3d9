// What the copy engine is told of a tensor, as the driver encodes it.
#pragma once

#include "backends/cuda/driver/driver.h"
#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// For the tensor at this address. Errors: kDeviceError where the driver refuses it.
Result<CUtensorMap> encode(const DriverFunctions& f, const TensorMap& map, CUdeviceptr address);

}  // namespace ingot::cuda
