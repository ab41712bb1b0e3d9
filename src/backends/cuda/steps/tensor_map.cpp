#include "backends/cuda/steps/tensor_map.h"

#include <array>

namespace ingot::cuda {
namespace {

// Values of cuda.h.
constexpr int kUint8 = 0, kUint32 = 2, kFloat16 = 6, kFloat32 = 7, kBfloat16 = 9;
constexpr int kNoInterleave = 0, kSwizzle128 = 3, kL2Promotion256 = 3, kZerosOutside = 0;
constexpr size_t kMostDims = 5;

int type_of(DataType type) {
  switch (type) {
    case DataType::kF16:
      return kFloat16;
    case DataType::kBF16:
      return kBfloat16;
    case DataType::kF32:
      return kFloat32;
    case DataType::kI32:
      return kUint32;
    default:
      return kUint8;
  }
}

}  // namespace

Result<CUtensorMap> encode(const DriverFunctions& f, const TensorMap& map, CUdeviceptr address) {
  const size_t rank = map.dims.size();
  INGOT_CHECK(rank >= 2 && rank <= kMostDims && map.strides.size() + 1 == rank);
  std::array<uint64_t, kMostDims> dims{}, strides{};
  std::array<uint32_t, kMostDims> box{}, steps{};
  for (size_t d = 0; d < rank; ++d) {
    dims[d] = static_cast<uint64_t>(map.dims[d]);
    if (d > 0) strides[d - 1] = static_cast<uint64_t>(map.strides[d - 1]) * byte_size(map.type, 1);
    steps[d] = 1;
  }
  CUtensorMap out{};
  void* const data = reinterpret_cast<void*>(address);
  CUresult result = kCudaSuccess;
  if (map.lower.empty()) {
    for (size_t d = 0; d < rank; ++d) box[d] = static_cast<uint32_t>(map.box[d]);
    result = f.cuTensorMapEncodeTiled(&out, type_of(map.type), static_cast<uint32_t>(rank), data, dims.data(),
                                      strides.data(), box.data(), steps.data(), kNoInterleave, kSwizzle128,
                                      kL2Promotion256, kZerosOutside);
  } else {
    std::array<int, kMostDims> lower{}, upper{};
    for (size_t d = 0; d + 2 < rank; ++d) {
      lower[d] = static_cast<int>(map.lower[d]);
      upper[d] = static_cast<int>(map.upper[d]);
      steps[d + 1] = static_cast<uint32_t>(map.steps[d]);
    }
    result = f.cuTensorMapEncodeIm2col(
        &out, type_of(map.type), static_cast<uint32_t>(rank), data, dims.data(), strides.data(), lower.data(),
        upper.data(), static_cast<uint32_t>(map.box[0]), static_cast<uint32_t>(map.box[1]), steps.data(),
        kNoInterleave, kSwizzle128, kL2Promotion256, kZerosOutside);
  }
  INGOT_RETURN_IF_ERROR(f.check(result, "describing a tensor to the copy engine"));
  return out;
}

}  // namespace ingot::cuda
