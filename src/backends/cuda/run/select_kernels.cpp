// Kernels whose results have sizes that only their data tell: NonZero, NonMaxSuppression (args:
// center_point_box, limit, iou, lowest). They count, wait for the count, and then write.
#include <algorithm>

#include "backends/cuda/kernels/select/select.h"
#include "backends/cuda/run/kernel.h"

namespace ingot::cuda {
namespace {

Launches one(KernelSpec spec, std::vector<Pointer> pointers) {
  Launches out;
  out.push_back({std::move(spec), std::move(pointers)});
  return out;
}

class NonZeroKernel final : public Kernel {
 public:
  explicit NonZeroKernel(const KernelSource& source) : count_(source.programs), list_(source.programs) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    problem_ = {in[0]->dtype, in[0]->dims};
    bytes_ = static_cast<size_t>(nonzero_counts(problem_)) * sizeof(int64_t);
    INGOT_ASSIGN_OR_RETURN(KernelSpec spec, count_nonzero_kernel(problem_));
    return count_.set(one(std::move(spec), {input(0), scratch(0, bytes_)}));
  }
  size_t scratch_bytes() const override { return std::max(count_.scratch_bytes(), aligned(bytes_)); }

  Status run(const Invocation& call) override {
    auto* const counts = static_cast<std::byte*>(call.scratch);
    INGOT_RETURN_IF_ERROR(count_.enqueue(call, counts));
    INGOT_RETURN_IF_ERROR(
        call.stream.download(&problem_.found, counts + bytes_ - sizeof(int64_t), sizeof(int64_t)));
    const Dims dims = {static_cast<int64_t>(problem_.dims.size()), problem_.found};
    INGOT_RETURN_IF_ERROR(call.host.allocate_output(0, DataType::kI64, dims).status());
    if (problem_.found == 0) return {};
    INGOT_ASSIGN_OR_RETURN(KernelSpec spec, list_nonzero_kernel(problem_));
    INGOT_RETURN_IF_ERROR(list_.set(one(std::move(spec), {input(0), scratch(0, bytes_), output(0)})));
    return list_.enqueue(call, counts);
  }

 private:
  NonZeroProblem problem_;
  size_t bytes_ = 0;
  LaunchList count_, list_;
};

class SuppressKernel final : public Kernel {
 public:
  explicit SuppressKernel(const KernelSource& source)
      : args_(source.step.args), suppress_(source.programs), list_(source.programs) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims &boxes = in[0]->dims, &scores = in[1]->dims;
    if (boxes.size() != 3 || scores.size() != 3 || boxes[2] != 4 || boxes[0] != scores[0] ||
        boxes[1] != scores[2] || in[0]->dtype != DataType::kF32 || in[1]->dtype != DataType::kF32)
      return invalid_argument("boxes of shape ", dims_to_string(boxes), " with scores of shape ",
                              dims_to_string(scores));
    SuppressProblem p{scores[0], scores[1], scores[2], 0};
    p.limit = std::clamp<int64_t>(args_.get_int("limit"), 0, p.boxes);
    p.iou = args_.get_float("iou", 0);
    if (!(p.iou >= 0 && p.iou <= 1)) return invalid_argument("iou_threshold is ", p.iou, ", expected 0 to 1");
    p.has_lowest = args_.has("lowest");
    p.lowest = args_.get_float("lowest", 0);
    p.centers = args_.get_int("center_point_box") != 0;
    classes_ = static_cast<size_t>(p.images * p.classes);
    kept_bytes_ = aligned(classes_ * static_cast<size_t>(p.limit) * sizeof(int));
    const Pointer kept = scratch(0, kept_bytes_), counts = scratch(kept_bytes_, classes_ * sizeof(int));
    INGOT_ASSIGN_OR_RETURN(KernelSpec spec, suppress_kernel(p));
    INGOT_RETURN_IF_ERROR(suppress_.set(one(std::move(spec), {input(0), input(1), kept, counts})));
    INGOT_ASSIGN_OR_RETURN(KernelSpec list, list_boxes_kernel(p));
    return list_.set(one(std::move(list), {kept, counts, output(0)}));
  }
  size_t scratch_bytes() const override { return std::max(suppress_.scratch_bytes(), list_.scratch_bytes()); }

  Status run(const Invocation& call) override {
    auto* const memory = static_cast<std::byte*>(call.scratch);
    std::vector<int32_t> counts(classes_);
    if (classes_ > 0) {
      INGOT_RETURN_IF_ERROR(suppress_.enqueue(call, memory));
      INGOT_RETURN_IF_ERROR(
          call.stream.download(counts.data(), memory + kept_bytes_, classes_ * sizeof(int32_t)));
    }
    int64_t all = 0;
    for (int32_t count : counts) all += count;
    INGOT_RETURN_IF_ERROR(call.host.allocate_output(0, DataType::kI64, {all, 3}).status());
    return all == 0 ? Status() : list_.enqueue(call, memory);
  }

 private:
  Attrs args_;
  size_t classes_ = 0, kept_bytes_ = 0;
  LaunchList suppress_, list_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_nonzero_kernel(const KernelSource& source) {
  if (source.step.inputs.size() != 1 || source.step.outputs.size() != 1)
    return corrupt("a search for elements that are not zero has the wrong operands");
  return std::unique_ptr<Kernel>(std::make_unique<NonZeroKernel>(source));
}

Result<std::unique_ptr<Kernel>> make_suppress_kernel(const KernelSource& source) {
  if (source.step.inputs.size() < 2 || source.step.outputs.size() != 1)
    return corrupt("a suppression of boxes has the wrong operands");
  return std::unique_ptr<Kernel>(std::make_unique<SuppressKernel>(source));
}

}  // namespace ingot::cuda
