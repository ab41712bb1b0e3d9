// Plan: what a device executes for one target and one optimization profile, as plain data. Written by the
// compiler, stored in the engine file, read by the runtime.
#pragma once

#include <span>

#include "base/attrs.h"

namespace ingot {

/// How the elements of a tensor lie in memory.
enum class Layout : uint8_t {
  kPlain = 0,    ///< dense row-major
  kBlocked = 1,  ///< [N, C, spatial...] as [N, ceil(C/b), spatial..., b]; channels beyond C are zero; b is
                 ///< Plan::block, and 0 stands for all channels in one block: channels last
};
std::string_view layout_name(Layout layout);

/// Elements that a tensor occupies, padding included.
int64_t storage_elements(const Dims& dims, Layout layout, int block);

using TensorId = int32_t;
inline constexpr TensorId kNoTensor = -1;

struct PlanTensor {
  std::string name;
  TensorType type;  // symbolic; unranked: known only after its step has run
  Layout layout = Layout::kPlain;
  int32_t weight = -1;            // index into the engine's weights, for constants
  TensorId alias_of = kNoTensor;  // this tensor lies inside another, at alias_offset elements
  Dim alias_offset = 0;
  Shape contents;  // of shape arithmetic: no step makes these integers, they follow from the symbols
};

/// A kernel that the tuner compared, for reports.
struct KernelTime {
  std::string kernel;  // with the arguments in which it differs from others of its name
  double seconds = 0;
  bool picked = false;
  friend bool operator==(const KernelTime&, const KernelTime&) = default;
};

struct PlanStep {
  std::string
      op;  // the device's kernel family: "conv", "gemm", "reorder", ... or "eval" for the reference kernel
  std::string kernel;  // the variant, such as "conv_direct_f32_14x2__avx512"; the op's name for "eval"
  std::string name;    // the node (or fused nodes) that it computes, for reports
  Attrs args;
  std::vector<TensorId> inputs, outputs;
  std::vector<int32_t> inplace;  // inputs whose memory output 0 may take over when they die here
  std::vector<std::pair<std::string, int32_t>> subplans;  // attribute name -> index into Plan::subplans
  int32_t captures = 0;                                   // the last inputs, handed to the subplans
  double flops = 0, bytes = 0;                            // at the opt shapes
  std::vector<KernelTime> timed;                          // none where nothing was timed
};

/// Bounds of one input's dims.
struct ProfileInput {
  std::string name;
  Dims min, opt, max;
};

struct Plan {
  std::string device;   // "cpu", "cuda"
  std::string arch;     // instruction set or GPU architecture the kernels need: "avx2", "sm_90a"
  int32_t threads = 1;  // that the plan was tuned for
  int32_t block = 1;    // channel block of Layout::kBlocked; 0: all channels
  std::vector<ProfileInput> profile;
  std::vector<PlanTensor> tensors;
  std::vector<PlanStep> steps;
  std::vector<TensorId> inputs, outputs;
  std::vector<Plan> subplans;  // bodies of control flow
};

/// Checks that every index is in range, that steps read only what is given or produced before, and that
/// aliases form no cycle: what a damaged file could break. `num_weights` is the size of the engine's weight
/// table.
Status validate(const Plan& plan, size_t num_weights);

/// Which weights of the table some plan reads.
std::vector<bool> weights_read(std::span<const Plan> plans, size_t num_weights);

}  // namespace ingot
