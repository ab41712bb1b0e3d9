// Between TensorRT's types and Ingot's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingot/tensor.h"
#include "ingot_tensorrt.h"

namespace ingot::tensorrt {

// Signatures that changed between 8 and 10.
#if NV_TENSORRT_MAJOR >= 10
using DimsArgument = const nvinfer1::Dims&;
using Extent = int64_t;
#else
using DimsArgument = nvinfer1::Dims;
using Extent = int32_t;
#endif

/// Before the names of an engine's outputs that only its debug listener sees.
inline const std::string kDebugPrefix = "debug tensor: ";
/// Before the names of outputs that every run checks; the rest is what to say when one is false.
inline const std::string kAssertPrefix = "assertion '";

using ShapeDims = std::vector<int64_t>;

/// kInvalid: Ingot has no such type.
DataType to_ingot(nvinfer1::DataType type);
/// kFLOAT where TensorRT has no such type (`known` tells).
nvinfer1::DataType to_tensorrt(DataType type, bool* known = nullptr);

/// Sizes that are open are -1. More than 8 dims: nbDims is -1, TensorRT's "unknown rank".
nvinfer1::Dims to_dims(const std::vector<std::string>& dims);
nvinfer1::Dims to_dims(const ShapeDims& dims);
/// What stands for a tensor that does not exist or whose rank is open: nbDims is -1.
nvinfer1::Dims no_dims();
ShapeDims to_vector(const nvinfer1::Dims& dims);
/// "2x3x-1"
std::string to_string(const nvinfer1::Dims& dims);

}  // namespace ingot::tensorrt
