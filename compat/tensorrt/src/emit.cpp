#include "emit.h"

#include <algorithm>

namespace ingot::tensorrt {

int64_t onnx_number(DataType type) {
  static const std::map<DataType, int64_t> kNumbers = {
      {DataType::kF32, 1},   {DataType::kU8, 2},      {DataType::kI8, 3},   {DataType::kI32, 6},
      {DataType::kI64, 7},   {DataType::kBool, 9},    {DataType::kF16, 10}, {DataType::kF64, 11},
      {DataType::kBF16, 16}, {DataType::kF8E4M3, 17}, {DataType::kI4, 22}};
  const auto it = kNumbers.find(type);
  return it == kNumbers.end() ? 0 : it->second;
}

std::vector<int64_t> axes_of(uint32_t mask) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < 32; ++i)
    if ((mask >> i & 1U) != 0) out.push_back(i);
  return out;
}

std::optional<std::vector<Tensor*>> tensors(const Log& log, const char* call, nvinfer1::ITensor* const* list,
                                            int32_t count) {
  std::vector<Tensor*> out;
  for (int32_t i = 0; i < count && list != nullptr; ++i) out.push_back(static_cast<Tensor*>(list[i]));
  if (!out.empty() && std::find(out.begin(), out.end(), nullptr) == out.end()) return out;
  log.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
            std::string(call) + ": an input is null, or there is none");
  return std::nullopt;
}

NetworkTensor Emit::ints(const std::vector<int64_t>& values) {
  return graph_.constant(
      {DataType::kI64, {static_cast<int64_t>(values.size())}, const_cast<int64_t*>(values.data())});
}

NetworkTensor Emit::index(int64_t value) { return graph_.constant({DataType::kI64, {}, &value}); }

NetworkTensor Emit::scalar(double value, DataType type) {
  auto single = static_cast<float>(value);
  const NetworkTensor made = graph_.constant({DataType::kF32, {}, &single});
  return cast(made, type);
}

NetworkTensor Emit::weights(const nvinfer1::Weights& w, const ShapeDims& dims) {
  const TensorRef ref{to_ingot(w.type), dims, const_cast<void*>(w.values)};
  return ref.size() != w.count || w.values == nullptr ? NetworkTensor{}
                                                      : graph_.constant(ref, name_ + "_weights");
}

NetworkTensor Emit::cast(NetworkTensor x, DataType to) {
  return type(x) == to ? x : graph_.op("Cast", {x}, {{"to", onnx_number(to)}});
}

NetworkTensor Emit::element(NetworkTensor x, int64_t at) {
  return graph_.op("Gather", {x, index(at)}, {{"axis", int64_t{0}}});
}
NetworkTensor Emit::size(NetworkTensor x, int64_t axis) { return element(shape(x), axis); }
NetworkTensor Emit::range(NetworkTensor count) { return graph_.op("Range", {index(0), count, index(1)}); }

NetworkTensor Emit::reshape(NetworkTensor x, const std::vector<int64_t>& dims) {
  return graph_.op("Reshape", {x, ints(dims)});
}
NetworkTensor Emit::squeeze(NetworkTensor x, const std::vector<int64_t>& axes) {
  return axes.empty() ? x : graph_.op("Squeeze", {x, ints(axes)});
}
NetworkTensor Emit::unsqueeze(NetworkTensor x, const std::vector<int64_t>& axes) {
  return axes.empty() ? x : graph_.op("Unsqueeze", {x, ints(axes)});
}
NetworkTensor Emit::transpose(NetworkTensor x, const std::vector<int64_t>& order) {
  for (size_t i = 0; i < order.size(); ++i)
    if (order[i] != static_cast<int64_t>(i)) return graph_.op("Transpose", {x}, {{"perm", order}});
  return x;
}

}  // namespace ingot::tensorrt
