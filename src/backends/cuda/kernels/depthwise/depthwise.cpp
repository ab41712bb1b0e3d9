#include "backends/cuda/kernels/depthwise/depthwise.h"

#include <algorithm>

#include "backends/cuda/kernels/depthwise/depthwise_params.h"
#include "backends/cuda/kernels/pointwise/program_text.h"

namespace ingot::cuda {

Result<KernelSpec> depthwise_kernel(const DepthwiseProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  if (p.extras.size() > DepthwiseParams::kMaxExtras)
    return unsupported("an epilogue takes up to ", DepthwiseParams::kMaxExtras, " inputs, got ",
                       p.extras.size());
  if (p.kernel_h * p.kernel_w > 121)
    return unsupported("a depthwise kernel of ", p.kernel_h, "x", p.kernel_w);
  KernelSpec spec{.name = str("depthwise_", data_type_name(p.type), "_", p.kernel_h, "x", p.kernel_w),
                  .source = "depthwise/depthwise.cu",
                  .entry = "depthwise"};
  INGOT_ASSIGN_OR_RETURN(spec.prelude, epilogue_text(p.epilogue, static_cast<int>(p.extras.size()) + 1));
  spec.prelude += "#define EXTRAS(F)";
  DepthwiseParams params{};
  int vec = vector_width(p.type, {p.channels});
  for (size_t i = 0; i < p.extras.size(); ++i) {
    const ConvExtra& e = p.extras[i];
    INGOT_ASSIGN_OR_RETURN(const std::string extra, checked_device_type(e.type));
    spec.prelude += str(" F(", i, ", ", extra, ", ", e.filter != 0, ")");
    if (e.filter != 0) vec = std::min(vec, vector_width(e.type, {e.image, e.pixel}));
    params.extra_image[i] = e.image;
    params.extra_pixel[i] = e.pixel;
  }
  spec.prelude += "\n";
  const int pixels = p.pixels > 0 ? p.pixels : p.stride_w == 1 ? 4 : 2;  // what a thread's registers hold
  const int64_t row_pieces = ceil_div(p.out_w, pixels);
  const int64_t pieces = p.images * p.out_h * row_pieces * (p.channels / vec);
  if (pieces >= int64_t{1} << 31) return unsupported("a depthwise convolution of ", pieces, " pieces");
  params.pieces = static_cast<unsigned>(pieces);
  params.channel_vectors = make_divisor(std::max<int64_t>(1, p.channels / vec));
  params.row_pieces = make_divisor(std::max<int64_t>(1, row_pieces));
  params.out_height = make_divisor(std::max<int64_t>(1, p.out_h));
  params.height = static_cast<int>(p.height);
  params.width = static_cast<int>(p.width);
  params.out_width = static_cast<int>(p.out_w);
  params.pad_h = static_cast<int>(p.pad_top);
  params.pad_w = static_cast<int>(p.pad_left);
  spec.define("TYPE", type);
  spec.define("VEC", vec);
  spec.define("PIXELS", pixels);
  spec.define("KERNEL_H", p.kernel_h);
  spec.define("KERNEL_W", p.kernel_w);
  spec.define("STRIDE_H", p.stride_h);
  spec.define("STRIDE_W", p.stride_w);
  spec.define("DILATION_H", p.dilation_h);
  spec.define("DILATION_W", p.dilation_w);
  spec.define("HAS_BIAS", p.has_bias);
  spec.block.x = 128;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(pieces, 128)));
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
