#include <algorithm>

#include "backends/cuda/kernels/conv/conv_text.h"
#include "backends/cuda/kernels/conv/image_conv_params.h"

namespace ingot::cuda {
namespace {

constexpr int64_t kTileH = 8, kTileW = 16, kRing = 12;  // of image_conv.cu

// How an image's result is cut into strips, which blocks go down.
struct Strips {
  int64_t across, down, rows, results, step;
  int64_t count(int64_t images) const { return images * across * down; }
};

Strips tiles_of(const ConvProblem& p) {  // each for itself
  return {ceil_div(p.out_w, kTileW), ceil_div(p.out_h, kTileH), kTileH, kTileH, kTileW};
}

// As long as leaves work for all blocks: where strips meet, results are computed twice.
Strips strips_of(const ConvProblem& p, const ImagePool& pool, int64_t blocks) {
  const int64_t columns = (kTileW - pool.kernel) / pool.stride + 1, across = ceil_div(pool.out_w, columns);
  Strips best{};
  int64_t least = 0;
  for (int64_t cuts = 1; cuts <= pool.out_h; ++cuts) {
    const int64_t rows = ceil_div(pool.out_h, cuts), results = (rows - 1) * pool.stride + pool.kernel;
    const Strips s{across, ceil_div(pool.out_h, rows), rows, results, columns * pool.stride};
    const int64_t tiles = ceil_div(std::min(results, p.out_h), kTileH);
    const int64_t time = ceil_div(s.count(p.images), blocks) * tiles;
    if (cuts == 1 || time < least) best = s, least = time;
  }
  return best;
}

Status check(const ConvProblem& p, const ImagePool& pool) {
  constexpr int64_t kMostFilters = 128, kMostTaps = 16, kMostPool = 4;
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
  if (pool.kernel > kMostPool || pool.stride > kMostPool ||
      std::max(pool.pad_top, pool.pad_left) >= std::max<int64_t>(1, pool.kernel))
    return unsupported("a pool of ", pool.kernel, "x", pool.kernel, " in steps of ", pool.stride);
  return {};
}

}  // namespace

Result<KernelSpec> image_conv_kernel(const ConvProblem& p, const ImagePool& pool) {
  constexpr int64_t kMultiprocessors = 132;
  INGOT_RETURN_IF_ERROR(check(p, pool));
  KernelSpec spec{.source = "conv/image_conv.cu", .entry = "image_conv"};
  const int64_t bn = ceil_div(p.filters, 16) * 16;
  INGOT_ASSIGN_OR_RETURN(spec.prelude, conv_prelude(p));
  spec.prelude += wgmma_text({p.type, p.type, static_cast<int>(bn), true});
  INGOT_RETURN_IF_ERROR(define_types(spec, p));
  spec.define("BN", bn);
  spec.define("CHANNELS", p.channels);
  spec.define("KERNEL_H", p.kernel_h);
  spec.define("KERNEL_W", p.kernel_w);
  spec.define("STRIDE_H", p.stride_h);
  spec.define("STRIDE_W", p.stride_w);
  spec.define("POOL", pool.kernel);
  spec.define("POOL_STRIDE", pool.stride);

  const int64_t taps = image_taps(p.kernel_w), steps = p.kernel_h * taps / 4;
  const int64_t patch = ((kTileH - 1) * p.stride_h + p.kernel_h) * ((kTileW - 1) * p.stride_w + taps) * 8;
  const int64_t rows = pool.kernel > 0 ? kRing : kTileH;
  const int64_t pitch = bn * bit_width(pool.kernel > 0 ? p.type : p.y_type) / 8 + 16;
  const int64_t shared = 1024 + ceil_div(steps, 4) * bn * 128 + rows * kTileW * pitch + patch + bn * 4;
  if (shared > kMostSharedBytes / 2) return unsupported("a first layer with steps of ", p.stride_w);
  spec.shared_bytes = static_cast<unsigned>(shared);
  const int64_t resident = bn <= 32 ? 4 : bn <= 64 ? 3 : 2;  // on a multiprocessor, as registers allow
  const int64_t blocks = kMultiprocessors * std::min(resident, kMostSharedBytes / (shared + 1024));
  const Strips s = pool.kernel > 0 ? strips_of(p, pool, blocks) : tiles_of(p);
  if (s.count(p.images) >= int64_t{1} << 31)
    return unsupported("an image of ", s.count(p.images), " tiles is too large");
  // Pixels are loaded in vectors that begin where they lie aligned, in all strips.
  const Dims strides = x_strides_of(p);
  const int64_t vec = strides[2] == 1 ? std::min(4, vector_width(p.x_type, {p.width, strides[0], strides[1],
                                                                            strides[3], s.step * p.stride_w}))
                                      : 1;
  const int64_t before = pool.pad_left * p.stride_w + p.pad_left;  // the first strip's first column
  spec.define("X_VEC", vec);
  spec.define("SHIFT", (vec - before % vec) % vec);

  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  spec.set_params(ImageConvParams{narrow(s.count(p.images)),
                                  narrow(p.height),
                                  narrow(p.width),
                                  narrow(p.out_h),
                                  narrow(p.out_w),
                                  narrow(p.pad_top),
                                  narrow(p.pad_left),
                                  narrow(p.filters),
                                  make_divisor(s.across),
                                  make_divisor(s.down),
                                  narrow(s.rows),
                                  narrow(s.results),
                                  narrow(s.step),
                                  narrow(pool.out_h),
                                  narrow(pool.out_w),
                                  narrow(pool.pad_top),
                                  narrow(pool.pad_left),
                                  strides[0],
                                  strides[1],
                                  strides[2],
                                  strides[3],
                                  p.y_row > 0 ? p.y_row : p.filters});
  spec.grid.x = static_cast<unsigned>(std::clamp<int64_t>(s.count(p.images), 1, blocks));
  spec.block.x = 256;
  spec.name = str("image_conv_", data_type_name(p.type), "_", p.kernel_h, "x", p.kernel_w,
                  pool.kernel > 0 ? "_pool" : "", "__sm90");
  return spec;
}

}  // namespace ingot::cuda
