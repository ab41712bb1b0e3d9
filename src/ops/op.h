// The op contract: what one file src/ops/<op>.cpp says about its operator, and how the rest of the library
// asks for it.
//
// An op knows types and views, never a graph. Its semantics are those of ONNX's newest version of the
// operator of the same name; the front end translates older versions. Ops that only passes create (Pointwise,
// Attention...) are described in their own files.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "base/attrs.h"

namespace ingot {

/// One declared attribute. An attribute without a default must be given.
struct AttrSpec {
  std::string_view name;
  std::optional<AttrValue> fallback;  // also fixes the type; a required one is declared with required()
  size_t kind;                        // AttrValue's index
};
template <class T>
AttrSpec required(std::string_view name) {
  return {name, std::nullopt, AttrValue(T{}).index()};
}
template <class T>
AttrSpec optional(std::string_view name, T fallback) {
  AttrValue value(std::move(fallback));
  const size_t kind = value.index();
  return {name, std::move(value), kind};
}
/// An attribute whose absence means something of its own (such as Cast's `saturate` or Resize's `axes`).
template <class T>
AttrSpec absent_or(std::string_view name) {
  return {name, AttrValue(T{}), AttrValue(T{}).index()};
}

/// What shape and type inference knows of one input.
struct InferInput {
  const TensorType* type = nullptr;            // null: an optional input that is not given
  const Tensor* constant = nullptr;            // its contents, when they are known at build time
  const std::vector<Dim>* contents = nullptr;  // contents of a small integer tensor (rank 0 or 1) as dims;
                                               // set for integer constants of up to 64 elements, too
};

struct InferOutput {
  TensorType type;
  std::optional<std::vector<Dim>> contents;  // as above, for outputs that carry shape arithmetic
};

class InferContext {
 public:
  const Attrs& attrs;
  std::vector<InferInput> inputs;
  std::vector<InferOutput> outputs;  // sized by the caller: the number of outputs that the node has
  /// A new symbol for a size that only a run can tell (NonZero, NonMaxSuppression...).
  std::function<Dim()> fresh_dim;
  /// Output types of the subgraph held by attribute `name` for these input types (control flow).
  std::function<Result<std::vector<TensorType>>(std::string_view name, std::span<const TensorType> inputs)>
      infer_subgraph;

  explicit InferContext(const Attrs& a) : attrs(a) {}
  bool has(size_t i) const { return i < inputs.size() && inputs[i].type != nullptr; }
  const TensorType& type(size_t i) const { return *inputs[i].type; }
  const Shape& shape(size_t i) const { return inputs[i].type->shape; }
  /// Known contents of input i as dims, or null when absent or unknown.
  const std::vector<Dim>* contents(size_t i) const { return has(i) ? inputs[i].contents : nullptr; }
  /// Known contents of input i as integers (constants only), or nullopt.
  std::optional<Ints> ints(size_t i) const;
  bool all_ranked() const;
  void set(size_t i, DataType dtype, Shape shape) {
    if (i < outputs.size()) outputs[i].type = {dtype, std::move(shape), true};
  }
  void set_unranked(size_t i, DataType dtype) {
    if (i < outputs.size()) outputs[i].type = TensorType::unranked(dtype);
  }
};

/// What `eval` works on: dense row-major views of concrete shapes. Implemented by the interpreter, by
/// constant folding and by the runtime's fallback step.
class EvalContext {
 public:
  explicit EvalContext(const Attrs& a) : attrs(a) {}
  virtual ~EvalContext() = default;

  const Attrs& attrs;
  std::vector<const TensorView*> inputs;  // null: not given
  size_t num_outputs = 0;

  bool has(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  const TensorView& input(size_t i) const { return *inputs[i]; }
  /// Memory for output i; the elements are uninitialised. Call once for each output with i < num_outputs.
  virtual Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) = 0;
  /// Runs the subgraph held by attribute `name` (control flow).
  virtual Status run_subgraph(std::string_view name, std::span<const TensorView> inputs,
                              std::vector<Tensor>& outputs) {
    return internal_error("no subgraph '", name, "' here");
  }
  /// The inferred type of the subgraph's output i: what a loop that never ran has instead of a result.
  virtual Result<TensorType> subgraph_output_type(std::string_view name, size_t i) {
    return internal_error("no subgraph '", name, "' here");
  }
};

/// Work of one execution: multiply-adds count two.
struct Cost {
  double flops = 0;
  double bytes = 0;  // each input and output once
};
struct CostContext {
  const Attrs& attrs;
  std::vector<TensorView> inputs;  // data is null; dtype kInvalid: not given
  std::vector<TensorView> outputs;
};

/// One example of the op for tests of every backend: random inputs in [lo, hi] unless `value` is set. Op X
/// gives its examples by cases_X(), which no OpDef points to: the linker drops them from what is shipped.
struct CaseInput {
  TensorType type;  // static
  double lo = -1, hi = 1;
  std::optional<Tensor> value;
};
struct OpCase {
  std::string name;
  Attrs attrs;
  std::vector<CaseInput> inputs;
  int num_outputs = 1;
  double rtol = 1e-5, atol = 1e-6;
};

using InferFn = Status (*)(InferContext&);
using EvalFn = Status (*)(EvalContext&);
using CostFn = Cost (*)(const CostContext&);

inline constexpr int kVariadic = 1 << 20;

struct OpDef {
  std::string_view name;
  int min_inputs, max_inputs;  // kVariadic: any number
  int min_outputs, max_outputs;
  std::vector<AttrSpec> attrs;
  InferFn infer;
  EvalFn eval;
  CostFn cost;  // null: bytes of inputs and outputs, one flop per output element
  std::vector<std::string_view> subgraphs = {};  // names of required subgraphs
  bool deterministic = true;                     // false: never folded or merged (random numbers)

  /// Whether input i may be absent. Of an op with any number of inputs only where none at all is required
  /// (Loop's first two), which its `infer` then looks after.
  bool is_optional_input(size_t i) const {
    return static_cast<int>(i) >= min_inputs && (max_inputs != kVariadic || min_inputs == 0);
  }
};

/// The op of that name, or null. Thread-safe.
const OpDef* find_op(std::string_view name);
/// All ops in the order of ops.inc.
std::span<const OpDef* const> all_ops();

/// Checks input and output counts, attribute names and types; the message names the op.
Status check_signature(const OpDef& op, size_t num_inputs, size_t num_outputs, const Attrs& attrs);
/// op.cost, or its default.
Cost op_cost(const OpDef& op, const CostContext& context);

}  // namespace ingot
