#include <algorithm>

#include "backends/cuda/kernels/conv/conv_text.h"
#include "backends/cuda/kernels/conv/image_conv_params.h"

namespace ingot::cuda {

Result<KernelSpec> image_conv_kernel(const ConvProblem& p) {
  constexpr int64_t kTileH = 8, kTileW = 16, kMostFilters = 128, kMostTaps = 16, kMultiprocessors = 132;
  if (bit_width(p.type) != 16 || !(p.y_type == p.type || bit_width(p.y_type) == 8) || !is_float(p.x_type))
    return unsupported("an image's convolution of type ", data_type_name(p.type), " to ",
                       data_type_name(p.y_type));
  const int64_t piece = 128 / bit_width(p.y_type);
  if (p.channels > 4 || p.batch != 1 || !p.extras.empty() || p.gated || p.alpha != 1 ||
      p.scale != ConvProblem::kAlpha || p.filters > kMostFilters || p.filters % piece != 0 ||
      p.y_row % piece != 0)
    return unsupported("a first layer of ", p.channels, " channels to ", p.filters, " filters");
  if (p.stride_w % 2 != 0 || p.dilation_h != 1 || p.dilation_w != 1 ||
      p.kernel_h * image_taps(p.kernel_w) > 8 * kMostTaps)
    return unsupported("a first layer with windows of ", p.kernel_h, "x", p.kernel_w, " in steps of ",
                       p.stride_w);
  KernelSpec spec{.source = "conv/image_conv.cu", .entry = "image_conv"};
  const int64_t bn = ceil_div(p.filters, 16) * 16;
  INGOT_ASSIGN_OR_RETURN(spec.prelude, conv_prelude(p));
  spec.prelude += wgmma_text({p.type, p.type, static_cast<int>(bn), true});
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  INGOT_ASSIGN_OR_RETURN(const std::string x_type, checked_device_type(p.x_type));
  INGOT_ASSIGN_OR_RETURN(const std::string y_type, checked_device_type(p.y_type));
  INGOT_ASSIGN_OR_RETURN(const std::string bias_type, checked_device_type(p.bias_type));
  spec.define("TYPE", type);
  spec.define("X_TYPE", x_type);
  spec.define("OUT", y_type);
  spec.define("BIAS_TYPE", bias_type);
  spec.define("HAS_BIAS", p.has_bias);
  spec.define("BN", bn);
  spec.define("CHANNELS", p.channels);
  spec.define("KERNEL_H", p.kernel_h);
  spec.define("KERNEL_W", p.kernel_w);
  spec.define("STRIDE_H", p.stride_h);
  spec.define("STRIDE_W", p.stride_w);

  const Dims strides = x_strides_of(p);
  const int64_t vec = strides[2] == 1
                          ? std::min(4, vector_width(p.x_type, {p.width, strides[0], strides[1], strides[3]}))
                          : 1;
  spec.define("X_VEC", vec);
  spec.define("SHIFT", (vec - p.pad_left % vec) % vec);

  const int64_t across = ceil_div(p.out_w, kTileW), down = ceil_div(p.out_h, kTileH);
  const int64_t tiles = p.images * across * down;
  if (tiles >= int64_t{1} << 31) return unsupported("an image of ", tiles, " tiles is too large");
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  spec.set_params(ImageConvParams{narrow(tiles), narrow(p.height), narrow(p.width), narrow(p.out_h),
                                  narrow(p.out_w), narrow(p.pad_top), narrow(p.pad_left), narrow(p.filters),
                                  make_divisor(across), make_divisor(down), strides[0], strides[1],
                                  strides[2], strides[3], p.y_row > 0 ? p.y_row : p.filters});
  const int64_t taps = image_taps(p.kernel_w), steps = p.kernel_h * taps / 4;
  const int64_t patch = ((kTileH - 1) * p.stride_h + p.kernel_h) * ((kTileW - 1) * p.stride_w + taps) * 8;
  const int64_t shared =
      1024 + ceil_div(steps, 4) * bn * 128 + kTileH * kTileW * (bn * bit_width(p.y_type) / 8 + 16) + patch;
  if (shared > kMostSharedBytes / 2) return unsupported("a first layer with steps of ", p.stride_w);
  spec.shared_bytes = static_cast<unsigned>(shared);
  spec.grid.x =
      static_cast<unsigned>(std::min(std::max<int64_t>(1, tiles), kMultiprocessors * (bn <= 32 ? 3 : 2)));
  spec.block.x = 256;
  spec.name = str("image_conv_", data_type_name(p.type), "_", p.kernel_h, "x", p.kernel_w, "__sm90");
  return spec;
}

}  // namespace ingot::cuda
