// GridSample and RoiAlign. args: the op's attributes.
#include "backends/cpu/kernels/sample/sample.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

class GridSampleKernel final : public Kernel {
 public:
  explicit GridSampleKernel(const Attrs& args) {
    const std::string mode = args.get_string("mode", "linear"),
                      padding = args.get_string("padding_mode", "zeros");
    desc_.filter = mode == "nearest" ? SampleFilter::kNearest
                   : mode == "cubic" ? SampleFilter::kCubic
                                     : SampleFilter::kLinear;
    desc_.padding = padding == "border"       ? SamplePadding::kBorder
                    : padding == "reflection" ? SamplePadding::kReflection
                                              : SamplePadding::kZeros;
    desc_.align_corners = args.get_int("align_corners") != 0;
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims &x = in[0]->dims, &grid = in[1]->dims;
    if (x.size() < 3 || x.size() > 5 || grid.size() != x.size() || grid[0] != x[0] ||
        grid.back() != static_cast<int64_t>(x.size()) - 2)
      return invalid_argument("a grid of ", dims_to_string(grid), " for ", dims_to_string(x));
    desc_.batch = x[0];
    desc_.channels = x[1];
    desc_.spatial = static_cast<int>(x.size()) - 2;
    std::copy_backward(x.begin() + 2, x.end(), std::end(desc_.in));
    desc_.points = 1;
    for (size_t d = 1; d + 1 < grid.size(); ++d) desc_.points *= grid[d];
    empty_ = num_elements(out[0]->dims) == 0;
    if (!empty_ && num_elements(x) == 0)
      return invalid_argument("cannot sample X of shape ", dims_to_string(x));
    return {};
  }
  Status run(const Invocation& call) override {
    if (!empty_)
      grid_sample(pool_of(call), desc_, call.inputs[0]->as<const float>(), call.inputs[1]->as<const float>(),
                  call.outputs[0]->as<float>());
    return {};
  }

 private:
  GridSampleDesc desc_;
  bool empty_ = false;
};

class RoiAlignKernel final : public Kernel {
 public:
  explicit RoiAlignKernel(const Attrs& args) {
    desc_.ratio = args.get_int("sampling_ratio");
    desc_.scale = args.get_float("spatial_scale", 1);
    desc_.half_pixel = args.get_string("coordinate_transformation_mode", "half_pixel") == "half_pixel";
    desc_.average = args.get_string("mode", "avg") == "avg";
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims &x = in[0]->dims, &rois = in[1]->dims, &y = out[0]->dims;
    if (x.size() != 4 || rois.size() != 2 || rois[1] != 4 || y.size() != 4 || in[2]->dims != Dims{rois[0]})
      return invalid_argument("boxes of ", dims_to_string(rois), " for ", dims_to_string(x));
    desc_.batch = x[0];
    desc_.channels = x[1];
    desc_.height = x[2];
    desc_.width = x[3];
    desc_.rois = rois[0];
    desc_.bins_y = y[2];
    desc_.bins_x = y[3];
    empty_ = num_elements(y) == 0;
    if (!empty_ && x[2] * x[3] == 0) return invalid_argument("cannot sample X of shape ", dims_to_string(x));
    return {};
  }
  Status run(const Invocation& call) override {
    if (empty_) return {};
    const float* rois = call.inputs[1]->as<const float>();
    const int64_t* images = call.inputs[2]->as<const int64_t>();
    if (const int64_t r = bad_roi(desc_, rois, images); r >= 0)
      return invalid_argument("box ", r, " of image ", images[r], " is [", rois[4 * r], ", ", rois[4 * r + 1],
                              ", ", rois[4 * r + 2], ", ", rois[4 * r + 3], "]: there are ", desc_.batch,
                              " images, or it is too large for the output");
    roi_align(pool_of(call), desc_, call.inputs[0]->as<const float>(), rois, images,
              call.outputs[0]->as<float>());
    return {};
  }

 private:
  RoiAlignDesc desc_;
  bool empty_ = false;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_grid_sample_kernel(const KernelSpec& spec) {
  return std::unique_ptr<Kernel>(std::make_unique<GridSampleKernel>(spec.args()));
}
Result<std::unique_ptr<Kernel>> make_roi_align_kernel(const KernelSpec& spec) {
  return std::unique_ptr<Kernel>(std::make_unique<RoiAlignKernel>(spec.args()));
}

}  // namespace ingot::cpu
