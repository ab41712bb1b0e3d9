// Build a network op by op, without a file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ingot/export.h"
#include "ingot/status.h"
#include "ingot/tensor.h"

namespace ingot {

/// A value of a network; a small handle, valid as long as its Network.
struct NetworkTensor {
  int32_t id = -1;
  bool valid() const { return id >= 0; }
};

/// A parameter of an op: int, float, string, or a list of them.
using NetworkAttr = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                                 std::vector<std::string>>;

/// A graph in the making. Ops have the names, inputs, outputs and attributes of ONNX's newest operators
/// (docs/ops.md). Errors are kept: after a call that failed, later calls do nothing, and `status()` (or
/// build) gives the first error. Movable; used from one thread at a time.
class INGOT_API Network {
 public:
  explicit Network(std::string name = "network");
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  /// Dims are numbers ("3") or symbols ("batch").
  NetworkTensor input(const std::string& name, DataType dtype, const std::vector<std::string>& dims);
  /// The elements are copied.
  NetworkTensor constant(const TensorRef& value, const std::string& name = "");
  /// One node; an invalid NetworkTensor stands for an optional input that is not given.
  std::vector<NetworkTensor> add(const std::string& op, const std::vector<NetworkTensor>& inputs,
                                 const std::map<std::string, NetworkAttr>& attrs = {}, int num_outputs = 1,
                                 const std::string& name = "");
  /// The first output of `add`.
  NetworkTensor op(const std::string& op, const std::vector<NetworkTensor>& inputs,
                   const std::map<std::string, NetworkAttr>& attrs = {}, const std::string& name = "");
  /// Makes `tensor` an output under this name.
  void output(NetworkTensor tensor, const std::string& name);

  /// Type and shape of a value, as far as they follow from the inputs.
  TensorInfo info(NetworkTensor tensor) const;
  Status status() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingot
