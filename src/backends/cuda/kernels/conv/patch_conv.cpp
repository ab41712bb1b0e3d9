#include <algorithm>

#include "backends/cuda/kernels/conv/conv_text.h"
#include "backends/cuda/kernels/conv/patch_conv_params.h"

namespace ingot::cuda {
namespace {

constexpr int64_t kPatchTile = 8;

Status check_patches(const ConvProblem& p, int64_t piece_of_y, int64_t y_row, int64_t weight_row) {
  const int64_t bytes = bit_width(p.type) / 8;
  const bool same_bytes = p.x_type == p.type || (p.x_type == DataType::kU8 && p.type == DataType::kI8);
  if (!same_bytes || bytes > 2 || p.type == DataType::kF8E4M3 || bit_width(p.y_type) > 32)
    return unsupported("patches of type ", data_type_name(p.type));
  if (p.kernel_h * p.kernel_w == 1 || p.stride_h != 1 || p.stride_w != 1 || p.dilation_h != 1 ||
      p.dilation_w != 1 || p.batch != 1 || !p.constant_weights)
    return unsupported("patches of windows that do not overlap");
  if (p.channels * bytes % 32 != 0 || weight_row * bytes % 16 != 0 || p.filters % piece_of_y != 0 ||
      y_row % piece_of_y != 0)
    return unsupported("patches of ", p.channels, " channels to ", p.filters, " filters");
  const Dims strides = x_strides_of(p);
  const bool whole = std::all_of(strides.begin(), strides.begin() + 3,
                                 [&](int64_t stride) { return stride * bytes % 16 == 0; });
  if (strides[3] != 1 || !whole) return unsupported("patches of pixels that do not lie at whole 16 bytes");
  for (const ConvExtra& e : p.extras)
    if (e.filter > 1 || (e.filter == 1 && (e.image % 2 != 0 || e.pixel % 2 != 0)))
      return unsupported("an epilogue's operand whose pairs of channels do not lie together");
  return {};
}

}  // namespace

Result<KernelSpec> patch_conv_kernel(const ConvProblem& p, const ConvConfig& c) {
  constexpr int64_t kMultiprocessors = 132;
  const int64_t y_row = p.y_row > 0 ? p.y_row : p.filters;
  const int64_t weight_row = p.weight_row > 0 ? p.weight_row : p.depth();
  INGOT_RETURN_IF_ERROR(check_patches(p, 128 / bit_width(p.y_type), y_row, weight_row));
  const int64_t pixel = p.channels * bit_width(p.type) / 8,
                panels = ceil_div(p.kernel_h * p.kernel_w * pixel, 128);
  const int64_t patch = (kPatchTile + p.kernel_h - 1) * (kPatchTile + p.kernel_w - 1) * (pixel + 16);
  const int64_t results = kPatchTile * kPatchTile * (c.bn * bit_width(p.y_type) / 8 + 16);
  const int64_t shared = 1024 + panels * c.bn * 128 + c.warps_m * (2 * patch + results);
  const int64_t registers = c.bn / 2 + 90;  // of a thread; with fewer, wgmma waits for each product
  if (shared > kMostSharedBytes || c.bn < p.filters || registers * 128 * c.warps_m > 65536)
    return unsupported("patches for ", p.filters, " filters of ", p.depth(), " elements");

  KernelSpec spec{.source = "conv/patch_conv.cu", .entry = "patch_conv"};
  INGOT_ASSIGN_OR_RETURN(spec.prelude, conv_prelude(p));
  spec.prelude += wgmma_text({p.type, p.x_type, c.bn, true});
  INGOT_RETURN_IF_ERROR(define_types(spec, p));
  spec.define("SCALE", int64_t{p.scale});
  spec.define("NARROW_RESULT", bit_width(p.y_type) <= 16);
  spec.define("BN", c.bn);
  spec.define("CHANNELS", p.channels);
  spec.define("KERNEL_H", p.kernel_h);
  spec.define("KERNEL_W", p.kernel_w);
  spec.define("GROUPS", c.warps_m);
  spec.define("FULL", c.bn == p.filters);

  const int64_t across = ceil_div(p.out_w, kPatchTile), down = ceil_div(p.out_h, kPatchTile);
  const int64_t tiles = p.images * across * down;
  if (tiles >= int64_t{1} << 31) return unsupported("an image of ", tiles, " tiles is too large");
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  const Dims strides = x_strides_of(p);
  PatchConvParams params{narrow(tiles),
                         narrow(p.height),
                         narrow(p.width),
                         narrow(p.out_h),
                         narrow(p.out_w),
                         narrow(p.pad_top),
                         narrow(p.pad_left),
                         narrow(p.filters),
                         make_divisor(across),
                         make_divisor(down),
                         strides[0],
                         strides[1],
                         strides[2],
                         weight_row,
                         y_row,
                         {},
                         {},
                         p.alpha};
  for (size_t i = 0; i < p.extras.size(); ++i) {
    params.extra_image[i] = p.extras[i].image;
    params.extra_pixel[i] = p.extras[i].pixel;
  }
  spec.set_params(params);
  spec.shared_bytes = static_cast<unsigned>(shared);
  spec.grid.x = static_cast<unsigned>(std::min(tiles, kMultiprocessors));
  spec.block.x = static_cast<unsigned>(128 * c.warps_m);
  spec.name = str("conv_", data_type_name(p.type), "_patch_", c.bn, "x", c.warps_m, "__sm90");
  return spec;
}

}  // namespace ingot::cuda
