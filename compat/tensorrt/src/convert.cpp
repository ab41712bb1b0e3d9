#include "convert.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace ingot::tensorrt {
namespace {

using Theirs = nvinfer1::DataType;

constexpr std::pair<Theirs, DataType> kTypes[] = {
    {Theirs::kFLOAT, DataType::kF32},  {Theirs::kHALF, DataType::kF16},  {Theirs::kINT8, DataType::kI8},
    {Theirs::kINT32, DataType::kI32},  {Theirs::kBOOL, DataType::kBool}, {Theirs::kUINT8, DataType::kU8},
    {Theirs::kFP8, DataType::kF8E4M3},
#if NV_TENSORRT_MAJOR >= 10
    {Theirs::kBF16, DataType::kBF16},  {Theirs::kINT64, DataType::kI64}, {Theirs::kINT4, DataType::kI4},
#else
    {Theirs::kINT32, DataType::kI64},  // 8 has no 64-bit integers
#endif
};

template <class Range>
nvinfer1::Dims make_dims(const Range& range, size_t rank) {
  nvinfer1::Dims out{};
  out.nbDims = rank > nvinfer1::Dims::MAX_DIMS ? -1 : static_cast<int32_t>(rank);
  for (int32_t i = 0; i < out.nbDims; ++i) out.d[i] = static_cast<Extent>(range(static_cast<size_t>(i)));
  return out;
}

}  // namespace

DataType to_ingot(Theirs type) {
  for (const auto& [theirs, ours] : kTypes)
    if (theirs == type) return ours;
  return DataType::kInvalid;
}

Theirs to_tensorrt(DataType type, bool* known) {
  for (const auto& [theirs, ours] : kTypes) {
    if (ours != type) continue;
    if (known != nullptr) *known = true;
    return theirs;
  }
  if (known != nullptr) *known = false;
  return Theirs::kFLOAT;
}

nvinfer1::Dims to_dims(const std::vector<std::string>& dims) {
  return make_dims(
      [&](size_t i) {
        int64_t value = -1;
        const std::string& text = dims[i];
        const auto end = text.data() + text.size();
        return std::from_chars(text.data(), end, value).ptr == end ? value : -1;
      },
      dims.size());
}

nvinfer1::Dims to_dims(const ShapeDims& dims) {
  return make_dims([&](size_t i) { return dims[i]; }, dims.size());
}

nvinfer1::Dims no_dims() {
  nvinfer1::Dims out{};
  out.nbDims = -1;
  return out;
}

ShapeDims to_vector(const nvinfer1::Dims& dims) { return {dims.d, dims.d + std::max(dims.nbDims, 0)}; }

std::string to_string(const nvinfer1::Dims& dims) {
  std::string out;
  for (int32_t i = 0; i < dims.nbDims; ++i) out += (i ? "x" : "") + std::to_string(dims.d[i]);
  return out;
}

}  // namespace ingot::tensorrt
