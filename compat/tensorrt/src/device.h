// Where the networks of this process run.
#pragma once

#include <string>

namespace ingot::tensorrt {

/// "cuda" where there is a GPU, whose memory programs then give; else "cpu". INGOT_DEVICE says otherwise: a
/// program for GPUs runs on "cpu" with the stand-in for the CUDA runtime.
const std::string& device();

}  // namespace ingot::tensorrt
