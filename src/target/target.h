// The compile-side contract of a backend: which layouts a node prefers, and which kernels can compute it.
#pragma once

#include <functional>

#include "engine/plan.h"
#include "ir/graph.h"

namespace ingot {

/// Where a node stands on the layout of its main operands.
enum class LayoutRule {
  kPlain,    // reads and writes plain tensors only
  kBlocked,  // wants its first output blocked
  kFollow,   // works in either: takes that of its inputs
};

/// A constant input in the form that a kernel wants. `packing` names the form and its parameters; it is empty
/// when the bytes are the plain ones.
struct PackedInput {
  size_t input;
  std::string packing;
  std::function<Result<Tensor>()> pack;
  /// Every element is in it, as it was: Target::unpack gives the input back, so that nobody has to keep it.
  bool permutation = false;
};

/// One way to compute a node.
struct Candidate {
  std::string op, kernel;  // PlanStep::op and PlanStep::kernel
  Attrs args;
  std::vector<Layout> inputs;   // one for each input of the node
  std::vector<Layout> outputs;  // one for each output
  std::vector<PackedInput> packed;
  std::vector<int32_t> inplace;
  /// Seconds between other kernels that runs of itself alone do not show: the tuner adds them.
  double beside_others = 0;
  bool sizes_outputs = false;  // asks the host for outputs whose sizes only the run can tell
};
/// A way that was considered and left out, and why: for `inspect --why`.
struct Skipped {
  std::string kernel, why_not;
};
struct Offer {
  std::vector<Candidate> candidates;  // best first by heuristics; the last one always works
  std::vector<Skipped> skipped;
};

/// Dims of a node's operands at the profile's opt shapes, for choosing.
class OptShapes {
 public:
  explicit OptShapes(SymbolValues symbols) : symbols_(std::move(symbols)) {}
  /// Symbols that only a run can tell count as `kUnknownSize`.
  Dims dims(const Value& value) const { return dims(value.type()); }
  Dims dims(const TensorType& type) const;
  const SymbolValues& symbols() const { return symbols_; }
  static constexpr int64_t kUnknownSize = 16;

 private:
  SymbolValues symbols_;
};

class Target {
 public:
  virtual ~Target() = default;
  virtual std::string_view device() const = 0;  // Plan::device
  virtual std::string_view arch() const = 0;    // Plan::arch
  virtual int block() const = 0;                // Plan::block
  virtual int threads() const = 0;

  /// Whether there are kernels for float16 and bfloat16; where there are none, passes make float32 of them.
  virtual bool has_narrow_floats() const { return true; }
  /// Whether there are kernels for ConvChain, which passes make only then.
  virtual bool has_conv_chains() const { return false; }
  /// Likewise SqueezeExcitation.
  virtual bool has_squeeze_excitation() const { return false; }
  /// Likewise ConvMaxPool.
  virtual bool has_pooled_layers() const { return false; }
  virtual LayoutRule layout_rule(const Node& node, const OptShapes& shapes) const = 0;
  /// Kernels for `node` with its first output in `layout`. Never empty: the reference kernel ends the list.
  virtual Offer candidates(const Node& node, const OptShapes& shapes, Layout layout) const = 0;
  /// A step that copies a tensor into another layout.
  virtual Candidate reorder(const TensorType& type, Layout from, Layout to) const = 0;
  /// The constant of dims `plain` whose packed form is `packed`, for a PackedInput that is a permutation;
  /// also where it was packed for another machine. Errors: kCorrupt, as both come from a file.
  virtual Result<Tensor> unpack(std::string_view packing, const Tensor& packed, const Dims& plain) const;
};

/// An argument in a word, for keys and reports; lists of floats and tensors are left out.
std::string attr_text(const AttrValue& value);
/// A name for each candidate: the kernel's, with the arguments in which those of one kernel differ.
std::vector<std::string> candidate_labels(const Offer& offer);

/// The candidate that runs the op's `eval`: plain layouts, the node's attributes as arguments.
Candidate reference_candidate(const Node& node);

}  // namespace ingot
