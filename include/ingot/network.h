// Build a network op by op, without a file.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ingot/custom_op.h"
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

/// A node as `Network::nodes` lists it.
struct NetworkNode {
  std::string name, op;
  std::vector<NetworkTensor> inputs;  ///< an invalid one: an optional input that is not given
  std::vector<NetworkTensor> outputs;
  std::map<std::string, NetworkAttr> attrs;
};

/// One thing in an ONNX model that cannot be imported.
struct ImportError {
  int64_t index = -1;    ///< of the node in the model's graph; -1: no node of it is to blame
  std::string node, op;  ///< its name and operator
  Status why;
};

/// What goes in and out of an import besides the model.
struct ImportHelp {
  std::vector<ImportError> errors;  ///< all that were found
  int64_t num_nodes = 0;            ///< of the model's graph
  /// Asked for each node of which no operator is known: the custom op (custom_op.h) that does it, with its
  /// data. Null: such nodes are errors.
  std::function<Result<CustomOpRef>(const NetworkNode& node)> unknown = nullptr;
  /// Bytes of weights by name, for weights that the model holds as external data.
  std::map<std::string, std::string> initializers = {};
};

/// A graph in the making. Ops have the names, inputs, outputs and attributes of ONNX's newest operators
/// (docs/ops.md). Errors are kept: after a call that failed, later calls do nothing, and `status()` (or
/// build) gives the first error. Movable; used from one thread at a time.
class INGOT_API Network {
 public:
  explicit Network(std::string name = "network");
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  /// The network of an ONNX model, to look at or to go on with. Errors: as `build` of that model.
  static Result<Network> from_onnx(const std::string& path, ImportHelp* help = nullptr);
  static Result<Network> from_onnx(const void* data, size_t size, const std::string& base_dir = "",
                                   ImportHelp* help = nullptr);

  /// Dims are numbers ("3") or symbols ("batch").
  NetworkTensor input(const std::string& name, DataType dtype, const std::vector<std::string>& dims);
  /// The elements are copied.
  NetworkTensor constant(const TensorRef& value, const std::string& name = "");
  /// One node; an invalid NetworkTensor stands for an optional input that is not given.
  std::vector<NetworkTensor> add(const std::string& op, const std::vector<NetworkTensor>& inputs,
                                 const std::map<std::string, NetworkAttr>& attrs = {}, int num_outputs = 1,
                                 const std::string& name = "");
  /// A node with bodies (If, Loop, Scan), which are networks of their own: the last inputs of each are
  /// `captures`, what it uses of this network.
  std::vector<NetworkTensor> add_with_bodies(const std::string& op, const std::vector<NetworkTensor>& inputs,
                                             std::map<std::string, Network> bodies,
                                             const std::vector<NetworkTensor>& captures, int num_outputs,
                                             const std::string& name = "");
  /// The first output of `add`.
  NetworkTensor op(const std::string& op, const std::vector<NetworkTensor>& inputs,
                   const std::map<std::string, NetworkAttr>& attrs = {}, const std::string& name = "");
  /// Makes `tensor` an output under this name.
  void output(NetworkTensor tensor, const std::string& name);

  /// Another shape for an input; types are inferred anew.
  void set_input_dims(NetworkTensor input, const std::vector<std::string>& dims);
  /// Another element type for an input; what read it reads a Cast to the type that it had.
  void set_input_type(NetworkTensor input, DataType dtype);
  /// It is not an output any longer.
  void remove_output(NetworkTensor tensor);
  /// Another name for a tensor; names are made unique by a suffix.
  void rename(NetworkTensor tensor, const std::string& name);
  /// Whatever used `from` uses `to`, outputs of the network included; types are inferred anew. `to` must not
  /// depend on `from`.
  void replace(NetworkTensor from, NetworkTensor to);

  /// Type and shape of a value, as far as they follow from the inputs.
  TensorInfo info(NetworkTensor tensor) const;
  std::vector<NetworkTensor> inputs() const;
  std::vector<NetworkTensor> outputs() const;
  /// In an order in which each comes after those that it reads.
  std::vector<NetworkNode> nodes() const;
  std::vector<NetworkTensor> constants() const;
  /// The elements of a constant, owned by the network; kInvalid as dtype: it is none.
  TensorRef constant_value(NetworkTensor tensor) const;
  Status status() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Network(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whether models may contain this operator of ONNX's default domain, in some version.
INGOT_API bool supports_onnx_op(const std::string& op);

}  // namespace ingot
