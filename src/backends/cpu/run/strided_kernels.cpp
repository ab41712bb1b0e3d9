// Kernels that are one strided copy each: Slice with any steps, its bounds read as it runs; Tile;
// DepthToSpace and SpaceToDepth (args: blocksize, mode).
#include <algorithm>

#include "backends/cpu/kernels/transpose/strided_copy.h"
#include "backends/cpu/run/kernel.h"
#include "ops/common.h"

namespace ingot::cpu {
namespace {

int64_t element_size(const TensorArg& a) { return bit_width(a.dtype) / 8; }

void append_integers(const TensorArg& a, Ints& to) {
  const int64_t count = num_elements(a.dims);
  if (a.dtype == DataType::kI32)
    to.insert(to.end(), a.as<const int32_t>(), a.as<const int32_t>() + count);
  else
    to.insert(to.end(), a.as<const int64_t>(), a.as<const int64_t>() + count);
}

class StridedSliceKernel final : public Kernel {
 public:
  explicit StridedSliceKernel(Isa isa) : isa_(isa) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    bounds_.clear();
    copy_known_ = false;
    for (size_t i = 1; i < in.size(); ++i)
      if (in[i]->given() &&
          ((in[i]->dtype != DataType::kI64 && in[i]->dtype != DataType::kI32) || in[i]->dims.size() != 1))
        return invalid_argument("the bounds of a slice are not lists of integers");
    return {};
  }

  Status run(const Invocation& call) override {
    now_.clear();  // starts, ends, axes, steps: the copy is prepared anew when they change
    for (size_t i = 1; i < call.inputs.size(); ++i)
      if (call.inputs[i]->given()) append_integers(*call.inputs[i], now_);
    if (!copy_known_ || now_ != bounds_) {
      INGOT_RETURN_IF_ERROR(prepare(call.inputs));
      bounds_ = now_;
      copy_known_ = true;
    }
    const TensorArg& x = *call.inputs[0];
    INGOT_ASSIGN_OR_RETURN(void* const y, call.host.allocate_output(0, x.dtype, dims_));
    if (num_elements(dims_) > 0) copy_.run(pool_of(call), x.as<const char>() + first_ * element_size(x), y);
    return {};
  }

 private:
  Status prepare(std::span<const TensorArg* const> in) {
    const TensorArg& x = *in[0];
    const auto integers = [&](size_t i) {
      Ints values;
      if (i < in.size() && in[i]->given()) append_integers(*in[i], values);
      return values;
    };
    const Ints starts = integers(1), ends = integers(2);
    Ints axes = integers(3), steps = integers(4);
    for (size_t i = axes.size(); i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
    steps.resize(starts.size(), 1);
    if (ends.size() != starts.size() || axes.size() != starts.size())
      return invalid_argument("starts, ends and axes of a slice differ in length");
    dims_ = x.dims;
    first_ = 0;
    StridedCopyDesc d;
    const Dims dense = dense_strides(x.dims);
    d.src_strides = dense;
    std::vector<bool> seen(x.dims.size());
    for (size_t i = 0; i < starts.size(); ++i) {
      INGOT_ASSIGN_OR_RETURN(const int axis, ops::normalize_axis(axes[i], static_cast<int>(x.dims.size())));
      const auto a = static_cast<size_t>(axis);
      const int64_t n = x.dims[a], step = std::max(steps[i], -INT64_MAX);
      if (step == 0 || seen[a]) return invalid_argument("axis ", axis, " is cut twice, or in steps of 0");
      seen[a] = true;
      const auto place = [&](int64_t bound) {
        return std::clamp<int64_t>(bound < 0 ? bound + n : bound, step > 0 ? 0 : -1, step > 0 ? n : n - 1);
      };
      const int64_t start = place(starts[i]), end = place(ends[i]);
      const int64_t span = step > 0 ? end - start : start - end, width = std::abs(step);
      dims_[a] = span <= 0 ? 0 : (span - 1) / width + 1;
      first_ += std::max<int64_t>(start, 0) * dense[a];
      d.src_strides[a] = dims_[a] > 1 ? dense[a] * step : 0;  // a far step is never taken
    }
    if (num_elements(dims_) == 0) return {};
    d.element_size = element_size(x);
    d.dims = dims_;
    d.dst_strides = dense_strides(dims_);
    copy_.prepare(d, isa_);
    return {};
  }

  Isa isa_;
  Ints bounds_, now_;
  bool copy_known_ = false;
  Dims dims_;
  int64_t first_ = 0;
  StridedCopy copy_;
};

// Copies whose form follows from the shapes of both sides.
class ShapedCopyKernel : public Kernel {
 public:
  ShapedCopyKernel(const KernelSpec& spec, Isa isa) : args_(spec.args()), isa_(isa) {}
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    if (in[0]->dtype != out[0]->dtype) return invalid_argument("a copy changes the type of its elements");
    empty_ = num_elements(out[0]->dims) == 0;
    if (empty_) return {};
    INGOT_ASSIGN_OR_RETURN(StridedCopyDesc d, describe(in[0]->dims, out[0]->dims));
    d.element_size = element_size(*in[0]);
    copy_.prepare(d, isa_);
    return {};
  }
  Status run(const Invocation& call) override {
    if (!empty_) copy_.run(pool_of(call), call.inputs[0]->data, call.outputs[0]->data);
    return {};
  }

 protected:
  virtual Result<StridedCopyDesc> describe(const Dims& x, const Dims& y) const = 0;
  Attrs args_;

 private:
  Isa isa_;
  bool empty_ = false;
  StridedCopy copy_;
};

// Each dim is seen as [repeats, n], the repeats walked without moving.
class TileKernel final : public ShapedCopyKernel {
  using ShapedCopyKernel::ShapedCopyKernel;
  Result<StridedCopyDesc> describe(const Dims& x, const Dims& y) const override {
    StridedCopyDesc d;
    const Dims from = dense_strides(x), to = dense_strides(y);
    for (size_t i = 0; i < y.size(); ++i) {
      if (x.size() != y.size() || x[i] == 0 || y[i] % x[i] != 0)
        return invalid_argument("no tiles of ", dims_to_string(x), " make ", dims_to_string(y));
      d.dims.insert(d.dims.end(), {y[i] / x[i], x[i]});
      d.src_strides.insert(d.src_strides.end(), {0, from[i]});
      d.dst_strides.insert(d.dst_strides.end(), {x[i] * to[i], to[i]});
    }
    return d;
  }
};

// Between deep [n, blocks and depth, h, w] and wide [n, depth, h * b, w * b], both walked as [n, depth, h,
// block row, w, block column].
class DepthSpaceKernel final : public ShapedCopyKernel {
  using ShapedCopyKernel::ShapedCopyKernel;
  Result<StridedCopyDesc> describe(const Dims& x, const Dims& y) const override {
    const bool to_wide = args_.get_int("to_space") != 0;
    const Dims &deep = to_wide ? x : y, &wide = to_wide ? y : x;
    const int64_t b = args_.get_int("blocksize");
    if (x.size() != 4 || y.size() != 4 || b < 1 || b > INT32_MAX || deep[0] != wide[0] ||
        deep[1] != wide[1] * b * b || deep[2] * b != wide[2] || deep[3] * b != wide[3])
      return invalid_argument("blocks of ", b, " do not turn ", dims_to_string(x), " into ",
                              dims_to_string(y));
    const int64_t depth = wide[1], h = deep[2], w = deep[3], plane = h * w, channels = depth * b * b * plane;
    StridedCopyDesc d;
    d.dims = {wide[0], depth, h, b, w, b};
    d.dst_strides = dense_strides(d.dims);
    d.src_strides = args_.get_string("mode", "DCR") == "DCR"
                        ? Dims{channels, plane, w, b * depth * plane, 1, depth * plane}
                        : Dims{channels, b * b * plane, w, b * plane, 1, plane};
    if (!to_wide) d.src_strides.swap(d.dst_strides);
    return d;
  }
};

template <class K>
Result<std::unique_ptr<Kernel>> make(const KernelSpec& spec) {
  if (spec.step.inputs.empty() || spec.step.outputs.size() != 1) return corrupt("a copy without operands");
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<K>(spec, isa));
}

}  // namespace

Result<std::unique_ptr<Kernel>> make_strided_slice_kernel(const KernelSpec& spec) {
  if (spec.step.inputs.size() < 3 || spec.step.inputs.size() > 5 || spec.step.outputs.size() != 1)
    return corrupt("a slice has ", spec.step.inputs.size(), " operands");
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<StridedSliceKernel>(isa));
}
Result<std::unique_ptr<Kernel>> make_tile_kernel(const KernelSpec& spec) { return make<TileKernel>(spec); }
Result<std::unique_ptr<Kernel>> make_depth_space_kernel(const KernelSpec& spec) {
  return make<DepthSpaceKernel>(spec);
}

}  // namespace ingot::cpu
