// Short forms for the nodes that layers are lowered to, and for parameters that layers keep.
#pragma once

#include <optional>

#include "network.h"

namespace ingot::tensorrt {

using Values = Layer::Values;
using NodeAttrs = std::map<std::string, NetworkAttr>;

/// The number of an element type in ONNX's attributes.
int64_t onnx_number(DataType type);

/// Makes nodes that carry the name of the layer.
class Emit {
 public:
  Emit(ingot::Network& graph, const std::string& name) : graph_(graph), name_(name) {}

  NetworkTensor operator()(const char* op, const Values& in, const NodeAttrs& attrs = {}) {
    return graph_.op(op, in, attrs, name_);
  }
  NetworkTensor ints(const std::vector<int64_t>& values);  // [n]
  NetworkTensor index(int64_t value);                      // a scalar
  NetworkTensor scalar(double value, DataType type = DataType::kF32);
  /// Weights as a tensor of these dims; invalid when the count differs.
  NetworkTensor weights(const nvinfer1::Weights& w, const ShapeDims& dims);

  NetworkTensor cast(NetworkTensor x, DataType type);  // x itself where it has that type
  /// A shape tensor (INT32 or INT64) as ONNX wants it.
  NetworkTensor shape_tensor(NetworkTensor x) { return cast(x, DataType::kI64); }
  NetworkTensor shape(NetworkTensor x) { return (*this)("Shape", {x}); }
  NetworkTensor size(NetworkTensor x, int64_t axis);   // of one dim, a scalar
  NetworkTensor element(NetworkTensor x, int64_t at);  // of a vector, a scalar
  NetworkTensor range(NetworkTensor count);            // 0, 1 ... count - 1
  NetworkTensor reshape(NetworkTensor x, const std::vector<int64_t>& dims);
  NetworkTensor squeeze(NetworkTensor x, const std::vector<int64_t>& axes);
  NetworkTensor unsqueeze(NetworkTensor x, const std::vector<int64_t>& axes);
  NetworkTensor transpose(NetworkTensor x, const std::vector<int64_t>& order);

  DataType type(NetworkTensor x) const { return graph_.info(x).dtype; }
  int64_t rank(NetworkTensor x) const { return static_cast<int64_t>(graph_.info(x).dims.size()); }
  /// Sizes that are open are -1.
  ShapeDims dims(NetworkTensor x) const { return to_vector(to_dims(graph_.info(x).dims)); }
  ingot::Network& graph() { return graph_; }

 private:
  ingot::Network& graph_;
  std::string name_;
};

/// The axes of a bit mask.
std::vector<int64_t> axes_of(uint32_t mask);
/// The input at `i` if the layer has one.
inline NetworkTensor input_at(const Values& in, size_t i) { return i < in.size() ? in[i] : NetworkTensor{}; }
inline Tensor* tensor(nvinfer1::ITensor& t) { return static_cast<Tensor*>(&t); }
/// A client's list; none, with an error that names `call`, where a pointer is null or there is no tensor.
std::optional<std::vector<Tensor*>> tensors(const Log& log, const char* call, nvinfer1::ITensor* const* list,
                                            int32_t count);

}  // namespace ingot::tensorrt

// A parameter with its setter and getter. A change lowers the layer again.
#define INGOT_PARAMETER(Type, Name, member)                                         \
  void set##Name(Type value) noexcept override { member = value, this->changed(); } \
  Type get##Name() const noexcept override { return member; }
#define INGOT_DIMS_PARAMETER(Name, member)                                                  \
  void set##Name(DimsArgument value) noexcept override { member = value, this->changed(); } \
  nvinfer1::Dims get##Name() const noexcept override { return member; }
// Its setter says whether it took the value: always.
#define INGOT_ACCEPTED_PARAMETER(Type, Name, member)                                             \
  bool set##Name(Type value) noexcept override { return member = value, this->changed(), true; } \
  Type get##Name() const noexcept override { return member; }
