// Kernels that a program brings compiled, and copies, on the GPU that the calling thread works on.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "ingot/status.h"

namespace ingot::tensorrt {

struct DeviceLaunch {
  std::array<unsigned, 3> grid{}, block{};
  unsigned shared_bytes = 0;
};
/// An argument of a kernel: its bytes, in the order of the kernel's parameters.
using DeviceArgument = std::string;

/// Loads `code` (PTX or machine code) when it is first launched. Parameters of the kernel behind the last
/// argument must be pointers (to scratch memory that a compiler reserved a place for), and are null.
Status launch_code(const std::string& code, const std::string& kernel, const DeviceLaunch& launch,
                   const std::vector<DeviceArgument>& arguments, void* stream);
Status copy_on_device(void* to, const void* from, size_t bytes, void* stream);

}  // namespace ingot::tensorrt
