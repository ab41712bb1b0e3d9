#include "backends/cuda/kernels/sample/sample.h"

#include <algorithm>

#include "backends/cuda/kernels/sample/sample_params.h"

namespace ingot::cuda {
namespace {

// One thread for each vector of channels of each place.
template <class Params>
Status set_places(KernelSpec& spec, Params& params, DataType type, int64_t places, int64_t channels) {
  if (!is_float(type) || bit_width(type) < 16 || type == DataType::kF64)
    return unsupported("samples of type ", data_type_name(type));
  INGOT_ASSIGN_OR_RETURN(const std::string name, checked_device_type(type));
  const int vec = vector_width(type, {channels});
  const int64_t vectors = places * (channels / vec);
  if (vectors >= int64_t{1} << 31) return unsupported("a result of ", vectors, " vectors");
  params.vectors = static_cast<unsigned>(vectors);
  params.channel_vectors = make_divisor(std::max<int64_t>(1, channels / vec));
  spec.define("TYPE", name);
  spec.define("VEC", vec);
  spec.block.x = 128;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(vectors, 128)));
  return {};
}

}  // namespace

Result<KernelSpec> grid_sample_kernel(const GridSampleProblem& p) {
  KernelSpec spec{.name = str("grid_sample_", data_type_name(p.type)),
                  .source = "sample/grid_sample.cu",
                  .entry = "grid_sample"};
  GridSampleParams params{};
  INGOT_RETURN_IF_ERROR(set_places(spec, params, p.type, p.images * p.points, p.channels));
  INGOT_ASSIGN_OR_RETURN(const std::string grid, checked_device_type(p.grid_type));
  params.points = make_divisor(std::max<int64_t>(1, p.points));
  params.height = static_cast<int>(p.height);
  params.width = static_cast<int>(p.width);
  spec.define("GRID", grid);
  spec.define("TAPS", p.filter == p.kNearest ? 1 : p.filter == p.kLinear ? 2 : 4);
  spec.define("PADDING", static_cast<int>(p.padding));
  spec.define("ALIGN", p.align_corners);
  spec.set_params(params);
  return spec;
}

Result<KernelSpec> roi_align_kernel(const RoiAlignProblem& p) {
  KernelSpec spec{.name = str("roi_align_", data_type_name(p.type)),
                  .source = "sample/roi_align.cu",
                  .entry = "roi_align"};
  RoiAlignParams params{};
  INGOT_RETURN_IF_ERROR(set_places(spec, params, p.type, p.boxes * p.bins_y * p.bins_x, p.channels));
  INGOT_ASSIGN_OR_RETURN(const std::string roi, checked_device_type(p.roi_type));
  params.bins_x = make_divisor(p.bins_x);
  params.bins_y = make_divisor(p.bins_y);
  params.images = static_cast<int>(p.images);
  params.height = static_cast<int>(p.height);
  params.width = static_cast<int>(p.width);
  params.ratio = static_cast<int>(p.ratio);
  params.scale = p.scale;
  params.shift = p.half_pixel ? 0.5 : 0;
  spec.define("ROI", roi);
  spec.define("AVERAGE", p.average);
  spec.define("HALF_PIXEL", p.half_pixel);
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
