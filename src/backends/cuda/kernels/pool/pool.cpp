#include "backends/cuda/kernels/pool/pool.h"

#include <algorithm>

#include "backends/cuda/kernels/pointwise/program_text.h"
#include "backends/cuda/kernels/pool/pool_params.h"

namespace ingot::cuda {
namespace {

// One thread for each vector of channels of each output pixel.
Status set_pixels(KernelSpec& spec, PoolParams& params, DataType type, int64_t images, int64_t out_d,
                  int64_t out_h, int64_t out_w, int64_t channels) {
  INGOT_ASSIGN_OR_RETURN(const std::string name, checked_device_type(type));
  const int vec = vector_width(type, {channels});
  const int64_t vectors = images * out_d * out_h * out_w * (channels / vec);
  if (vectors >= int64_t{1} << 31) return unsupported("an image of ", vectors, " vectors is too large");
  params.vectors = static_cast<unsigned>(vectors);
  params.channel_vectors = make_divisor(std::max<int64_t>(1, channels / vec));
  params.out_width = make_divisor(std::max<int64_t>(1, out_w));
  params.out_height = make_divisor(std::max<int64_t>(1, out_h));
  params.out_depth = make_divisor(std::max<int64_t>(1, out_d));
  spec.define("TYPE", name);
  spec.define("VEC", vec);
  spec.block.x = 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(vectors, 256)));
  return {};
}

}  // namespace

Result<KernelSpec> pool_kernel(const PoolProblem& p) {
  KernelSpec spec{.name = str(p.average ? "average_pool_" : "max_pool_", data_type_name(p.type)),
                  .source = "pool/pool.cu",
                  .entry = "pool"};
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  PoolParams params{0,
                    {},
                    {},
                    {},
                    narrow(p.height),
                    narrow(p.width),
                    narrow(p.kernel_h),
                    narrow(p.kernel_w),
                    narrow(p.stride_h),
                    narrow(p.stride_w),
                    narrow(p.pad_top),
                    narrow(p.pad_left),
                    narrow(p.pad_bottom),
                    narrow(p.pad_right),
                    narrow(p.dilation_h),
                    narrow(p.dilation_w),
                    {},
                    narrow(p.depth),
                    narrow(p.kernel_d),
                    narrow(p.stride_d),
                    narrow(p.pad_front),
                    narrow(p.pad_back),
                    narrow(p.dilation_d)};
  INGOT_RETURN_IF_ERROR(set_pixels(spec, params, p.type, p.images, p.out_d, p.out_h, p.out_w, p.channels));
  spec.define("AVERAGE", p.average);
  spec.define("COUNT_PADS", p.count_pads);
  // Taps of small windows are known when the kernel is compiled, so that their loads are under way together.
  const bool small = p.kernel_d * p.kernel_h * p.kernel_w <= 27;
  spec.define("KERNEL_D", small ? str(p.kernel_d) : "p.kernel_d");
  spec.define("KERNEL_H", small ? str(p.kernel_h) : "p.kernel_h");
  spec.define("KERNEL_W", small ? str(p.kernel_w) : "p.kernel_w");
  spec.set_params(params);
  return spec;
}

Result<KernelSpec> global_pool_kernel(const GlobalPoolProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  KernelSpec spec{.name = str("global_pool_", data_type_name(p.type)),
                  .source = "pool/global_pool.cu",
                  .entry = "global_pool"};
  const int vec = vector_width(p.type, {p.channels});
  const bool tall =
      p.pixels >= 512;  // then few channels and many threads a block: there may be one image only
  const int lanes = tall ? 2 : 8, block = tall ? 1024 : 256;
  spec.define("TYPE", type);
  spec.define("VEC", vec);
  spec.define("LANES", lanes);
  spec.define("BLOCK", block);
  spec.define("AVERAGE", p.average);
  spec.block.x = static_cast<unsigned>(block);
  spec.grid = {static_cast<unsigned>(std::max<int64_t>(1, ceil_div(p.channels, lanes * vec))),
               static_cast<unsigned>(p.images)};
  if (p.images > 65535) return unsupported("a pool of ", p.images, " images");
  spec.set_params(GlobalPoolParams{static_cast<int>(p.pixels), static_cast<int>(p.channels)});
  return spec;
}

Result<KernelSpec> squeeze_excitation_kernel(const SqueezeProblem& p) {
  constexpr int64_t kBlock = 512,
                    kNarrowest = 32;  // channels of a slice: less leaves sectors of memory half read
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  KernelSpec spec{.name = str("squeeze_excitation_", data_type_name(p.type), p.blocks > 1 ? "__sm90" : ""),
                  .source = "pool/squeeze_excitation.cu",
                  .entry = "squeeze_excitation"};
  INGOT_ASSIGN_OR_RETURN(const std::string first, epilogue_text(p.program1, 1));
  INGOT_ASSIGN_OR_RETURN(const std::string second, epilogue_text(p.program2, 1));
  spec.prelude = str("namespace first {\n", first, "}\nnamespace second {\n", second, "}\n");
  const int vec = vector_width(p.type, {p.channels});
  int64_t slices = 1;
  while (2 * slices <= p.blocks && p.channels >= 2 * slices * kNarrowest) slices *= 2;
  const int64_t slice = ceil_div(ceil_div(p.channels, vec), slices) * vec, parts = p.blocks / slices;
  if (slice > kBlock || p.hidden > 1024 || p.images > 65535)
    return unsupported("a squeeze of ", p.channels, " channels to ", p.hidden);
  spec.define("TYPE", type);
  spec.define("VEC", vec);
  spec.define("SLICE", slice);
  spec.define("SLICES", slices);
  spec.define("PARTS", parts);
  spec.define("HIDDEN", p.hidden);
  spec.define("BLOCK", kBlock);
  spec.define("WEIGHTS", vector_width(p.type, {p.hidden}));
  spec.block.x = kBlock;
  spec.grid = {static_cast<unsigned>(slices * parts), static_cast<unsigned>(p.images)};
  spec.cluster.x = spec.grid.x;
  // Sums of pixels, then of channels, gates and hidden values; weights, where there is room.
  constexpr int64_t kMostStaged = 96 << 10;
  const int64_t sums = (kBlock / (slice / vec) * slice + 2 * (slice + ceil_div(p.hidden, 4) * 4)) * 4;
  const int64_t weights = 2 * p.hidden * slice * bit_width(p.type) / 8;
  const bool staged = weights <= kMostStaged && slice % 4 == 0;  // they begin at a multiple of 16 bytes
  spec.define("STAGED", staged);
  spec.shared_bytes = static_cast<unsigned>(sums + (staged ? weights : 0));
  // And pixels, where the rest of what two blocks of a Hopper multiprocessor share is used for them.
  constexpr int64_t kRoom = 112 << 10;
  const int64_t vector_bytes = vec * bit_width(p.type) / 8, pixel = kBlock * vector_bytes;
  const int64_t pixels = ceil_div(ceil_div(p.pixels, parts), kBlock / (slice / vec));
  const bool keeps = p.blocks > 1 && vector_bytes >= 4;  // what an asynchronous copy takes at least
  const int64_t kept =
      keeps ? std::clamp<int64_t>((kRoom - int64_t{spec.shared_bytes}) / pixel, 0, pixels) : 0;
  spec.define("KEPT", kept);
  spec.shared_bytes += static_cast<unsigned>(kept * pixel);
  spec.set_params(SqueezeParams{static_cast<int>(p.pixels), static_cast<int>(ceil_div(p.pixels, parts)),
                                static_cast<int>(p.channels), 1 / static_cast<float>(p.pixels)});
  return spec;
}

Result<KernelSpec> resize_kernel(const ResizeProblem& p) {
  KernelSpec spec{
      .name = str("resize_", data_type_name(p.type)), .source = "pool/resize.cu", .entry = "resize"};
  PoolParams params{};
  params.height = static_cast<int>(p.height);
  params.width = static_cast<int>(p.width);
  INGOT_RETURN_IF_ERROR(set_pixels(spec, params, p.type, p.images, 1, p.out_h, p.out_w, p.channels));
  spec.define("TAPS_H", p.taps_h);
  spec.define("TAPS_W", p.taps_w);
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
