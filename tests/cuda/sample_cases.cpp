// Values between the pixels of images.
#include "backends/cuda/kernels/sample/sample.h"
#include "kernel_case.h"
#include "ops/op_testing.h"

namespace ingot::cuda {
namespace {

using enum DataType;

KernelCase grid_sample_case(DataType type, GridSampleProblem::Filter filter,
                            GridSampleProblem::Padding padding, bool align, int64_t channels) {
  static const std::string kFilters[] = {"linear", "nearest", "cubic"},
                           kPaddings[] = {"zeros", "border", "reflection"};
  const Tensor x = random_tensor(type, {2, channels, 5, 6});
  const Tensor grid = random_tensor(kF32, {2, 4, 7, 2}, -1.6, 1.6, 2);
  const Attrs attrs = {
      {"mode", kFilters[filter]}, {"padding_mode", kPaddings[padding]}, {"align_corners", int64_t{align}}};
  return {str("grid_sample ", kFilters[filter], " ", kPaddings[padding], " ", data_type_name(type)),
          grid_sample_kernel({type, kF32, 2, 5, 6, channels, 28, filter, padding, align}),
          {to_nhwc(x), grid},
          {to_nhwc(cast(reference("GridSample", attrs, {cast(x, kF32), grid})[0], type))},
          type_tolerance(type)};
}

KernelCase roi_align_case(DataType type, bool average, bool half_pixel, int64_t ratio, int64_t channels) {
  const Tensor x = random_tensor(type, {2, channels, 10, 9});
  const Tensor boxes =
      ops::make_tensor(kF32, {4, 4}, {0, 0, 17, 19, -3, 10, 9, 18.5, 10, 10, 16, 19, 4, 4, 4, 4});
  const Tensor indices = ops::make_tensor(kI64, {4}, {0, 1, 0, 1});
  const Attrs attrs = {
      {"output_height", int64_t{5}},
      {"output_width", int64_t{4}},
      {"sampling_ratio", ratio},
      {"spatial_scale", 0.5f},
      {"mode", std::string(average ? "avg" : "max")},
      {"coordinate_transformation_mode", std::string(half_pixel ? "half_pixel" : "output_half_pixel")}};
  return {str("roi_align ", data_type_name(type), " ", channels),
          roi_align_kernel({type, kF32, 2, 10, 9, channels, 4, 5, 4, ratio, 0.5f, average, half_pixel}),
          {to_nhwc(x), boxes, indices},
          {to_nhwc(cast(reference("RoiAlign", attrs, {cast(x, kF32), boxes, indices})[0], type))},
          type_tolerance(type)};
}

}  // namespace

std::vector<KernelCase> sample_cases() {
  using P = GridSampleProblem;
  std::vector<KernelCase> cases;
  for (const DataType type : {kF32, kF16, kBF16})
    for (const bool align : {false, true})
      for (const P::Filter filter : {P::kLinear, P::kNearest, P::kCubic})
        for (const P::Padding padding : {P::kZeros, P::kBorder, P::kReflection})
          cases.push_back(grid_sample_case(type, filter, padding, align, align ? 8 : 3));
  for (const DataType type : {kF32, kF16, kBF16})
    for (const bool average : {true, false}) {
      cases.push_back(roi_align_case(type, average, true, 2, 16));
      cases.push_back(roi_align_case(type, average, true, 0, 5));
      cases.push_back(roi_align_case(type, average, false, 3, 8));
    }
  return cases;
}

}  // namespace ingot::cuda
