// Kernels whose results have sizes that the run tells: TopK (args: axis, largest), NonZero,
// NonMaxSuppression (args: center_point_box).
#include "backends/cpu/kernels/select/nonzero.h"
#include "backends/cpu/kernels/select/suppress.h"
#include "backends/cpu/kernels/select/top_k.h"
#include "backends/cpu/run/kernel.h"
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::cpu {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 32;

// The one element of an optional operand.
template <class T>
std::optional<T> scalar(std::span<const TensorArg* const> operands, size_t i) {
  if (i >= operands.size() || !operands[i]->given() || num_elements(operands[i]->dims) == 0)
    return std::nullopt;
  return *operands[i]->as<const T>();
}

class TopKKernel final : public Kernel {
 public:
  explicit TopKKernel(const KernelSpec& spec)
      : given_axis_(spec.args().get_int("axis", -1)), threads_(spec.threads) {
    desc_.largest = spec.args().get_int("largest", 1) != 0;
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& x = in[0]->dims;
    INGOT_ASSIGN_OR_RETURN(axis_, ops::normalize_axis(given_axis_, static_cast<int>(x.size())));
    const ops::AxisSplit split = ops::split_at(x, axis_);
    if (!top_k_supported(in[0]->dtype) || split.n >= kMaxElements)
      return invalid_argument("no largest elements of ", data_type_name(in[0]->dtype), " along an axis of ",
                              split.n);
    desc_.type = in[0]->dtype;
    desc_.outer = split.outer, desc_.axis = split.n, desc_.inner = split.inner;
    return {};
  }
  size_t scratch_bytes() const override { return top_k_scratch_bytes(desc_, threads_); }

  Status run(const Invocation& call) override {
    const auto k = scalar<int64_t>(call.inputs, 1);
    if (!k || *k < 0 || *k > desc_.axis)
      return invalid_argument("k is ", k.value_or(-1), ", the axis has ", desc_.axis);
    Dims dims = call.inputs[0]->dims;
    dims[static_cast<size_t>(axis_)] = *k;
    void* data[2] = {};
    for (size_t i = 0; i < call.outputs.size(); ++i)
      if (call.outputs[i]->given()) {
        INGOT_ASSIGN_OR_RETURN(data[i],
                               call.host.allocate_output(i, i == 0 ? desc_.type : DataType::kI64, dims));
      }
    top_k(pool_of(call), desc_, *k, call.inputs[0]->data, data[0], static_cast<int64_t*>(data[1]),
          call.scratch);
    return {};
  }

 private:
  int64_t given_axis_;
  int axis_ = 0, threads_;
  TopKDesc desc_;
};

class NonZeroKernel final : public Kernel {
 public:
  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }
  Status run(const Invocation& call) override {
    const TensorArg& x = *call.inputs[0];
    const int64_t hits = count_nonzero(x.dtype, num_elements(x.dims), x.data);
    INGOT_ASSIGN_OR_RETURN(
        void* const y,
        call.host.allocate_output(0, DataType::kI64, {static_cast<int64_t>(x.dims.size()), hits}));
    nonzero(x.dtype, x.dims, x.data, hits, static_cast<int64_t*>(y));
    return {};
  }
};

class SuppressKernel final : public Kernel {
 public:
  SuppressKernel(const KernelSpec& spec, Isa isa)
      : centers_(spec.args().get_int("center_point_box") != 0), isa_(isa) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims &boxes = in[0]->dims, &scores = in[1]->dims;
    if (boxes.size() != 3 || scores.size() != 3 || boxes[2] != 4 || boxes[0] != scores[0] ||
        boxes[1] != scores[2] || boxes[1] >= kMaxElements)
      return invalid_argument("boxes of shape ", dims_to_string(boxes), " with scores of shape ",
                              dims_to_string(scores));
    suppress_.prepare({boxes[1], centers_}, isa_);
    return {};
  }

  Status run(const Invocation& call) override {
    const int64_t limit = scalar<int64_t>(call.inputs, 2).value_or(0);
    const float iou = scalar<float>(call.inputs, 3).value_or(0);
    if (!(iou >= 0 && iou <= 1)) return invalid_argument("iou_threshold is ", iou, ", expected 0 to 1");
    const auto lowest = scalar<float>(call.inputs, 4);
    const Dims& scores = call.inputs[1]->dims;  // [batch, classes, boxes]
    selected_.clear();
    for (int64_t n = 0; n < scores[0]; ++n)
      for (int64_t k = 0; k < scores[1]; ++k)
        for (int64_t box : suppress_.run(pool_of(call), call.inputs[0]->as<const float>() + n * scores[2] * 4,
                                         call.inputs[1]->as<const float>() + (n * scores[1] + k) * scores[2],
                                         lowest, iou, std::max<int64_t>(limit, 0)))
          selected_.insert(selected_.end(), {n, k, box});
    INGOT_ASSIGN_OR_RETURN(
        void* const y,
        call.host.allocate_output(0, DataType::kI64, {static_cast<int64_t>(selected_.size()) / 3, 3}));
    std::copy(selected_.begin(), selected_.end(), static_cast<int64_t*>(y));
    return {};
  }

 private:
  bool centers_;
  Isa isa_;
  Suppress suppress_;
  std::vector<int64_t> selected_;  // keeps its size from run to run
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_top_k_kernel(const KernelSpec& spec) {
  if (spec.step.inputs.size() != 2 || spec.step.outputs.empty() || spec.step.outputs.size() > 2)
    return corrupt("a search for the largest elements has the wrong operands");
  return std::unique_ptr<Kernel>(std::make_unique<TopKKernel>(spec));
}

Result<std::unique_ptr<Kernel>> make_nonzero_kernel(const KernelSpec& spec) {
  if (spec.step.inputs.size() != 1 || spec.step.outputs.size() != 1)
    return corrupt("a search for elements that are not zero has the wrong operands");
  return std::unique_ptr<Kernel>(std::make_unique<NonZeroKernel>());
}

Result<std::unique_ptr<Kernel>> make_suppress_kernel(const KernelSpec& spec) {
  if (spec.step.inputs.size() < 2 || spec.step.outputs.size() != 1)
    return corrupt("a suppression of boxes has the wrong operands");
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<SuppressKernel>(spec, isa));
}

}  // namespace ingot::cpu
