// Values between the pixels of channels-last images: GridSample of two dims, RoiAlign.
#include "backends/cuda/kernels/sample/sample.h"

#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {

Status expect_image(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  if (x.dims.size() != 4) return unsupported("samples of ", x.dims.size(), " dims");
  if (x.layout != Layout::kBlocked || y.layout != Layout::kBlocked)
    return unsupported("channels that do not lie last");
  if (num_elements(x.dims) == 0) return unsupported("an empty image");
  return {};
}

}  // namespace

// args: the op's attributes.
Result<Launches> grid_sample_launches(const StepView& step) {
  INGOT_RETURN_IF_ERROR(expect_image(step));
  const TensorArg &x = step.in(0), &grid = step.in(1), &y = step.out(0);
  if (grid.layout != Layout::kPlain || !is_float(grid.dtype) || grid.dtype == DataType::kF64)
    return unsupported("a grid of type ", data_type_name(grid.dtype));
  const std::string mode = step.args.get_string("mode", "linear"),
                    padding = step.args.get_string("padding_mode", "zeros");
  using P = GridSampleProblem;
  P p{x.dtype, grid.dtype, x.dims[0], x.dims[2], x.dims[3], x.dims[1], y.dims[2] * y.dims[3]};
  p.filter = mode == "nearest" ? P::kNearest : mode == "cubic" ? P::kCubic : P::kLinear;
  p.padding = padding == "border" ? P::kBorder : padding == "reflection" ? P::kReflection : P::kZeros;
  p.align_corners = step.args.get_int("align_corners") != 0;
  Launches out;
  if (num_elements(y.dims) == 0) return out;
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, grid_sample_kernel(p));
  out.push_back({std::move(spec), {input(0), input(1), output(0)}});
  return out;
}

// args: the op's attributes.
Result<Launches> roi_align_launches(const StepView& step) {
  INGOT_RETURN_IF_ERROR(expect_image(step));
  const TensorArg &x = step.in(0), &boxes = step.in(1), &y = step.out(0);
  if (!is_float(boxes.dtype) || boxes.dtype == DataType::kF64)
    return unsupported("boxes of type ", data_type_name(boxes.dtype));
  RoiAlignProblem p{x.dtype,   boxes.dtype, x.dims[0], x.dims[2], x.dims[3],
                    x.dims[1], y.dims[0],   y.dims[2], y.dims[3]};
  p.ratio = step.args.get_int("sampling_ratio");
  p.scale = step.args.get_float("spatial_scale", 1);
  p.average = step.args.get_string("mode", "avg") == "avg";
  p.half_pixel = step.args.get_string("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  Launches out;
  if (num_elements(y.dims) == 0) return out;
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, roi_align_kernel(p));
  out.push_back({std::move(spec), {input(0), input(1), input(2), output(0)}});
  return out;
}

}  // namespace ingot::cuda
