#include "backends/cuda/kernels/pool/pool.h"

#include <algorithm>

#include "backends/cuda/kernels/pointwise/program_text.h"
#include "backends/cuda/kernels/pool/pool_params.h"

namespace ingot::cuda {
namespace {

constexpr unsigned kMostShared = 227 << 10;  // bytes of a block

// One thread for each of the channels' `parts` of each output pixel; 0: for each vector of channels.
Status set_pixels(KernelSpec& spec, PoolParams& params, DataType type, int64_t images, int64_t out_d,
                  int64_t out_h, int64_t out_w, int64_t channels, int64_t parts = 0) {
  INGOT_ASSIGN_OR_RETURN(const std::string name, checked_device_type(type));
  const int vec = vector_width(type, {channels});
  if (parts == 0) parts = channels / vec;
  const int64_t vectors = images * out_d * out_h * out_w * parts;
  if (vectors >= int64_t{1} << 31) return unsupported("an image of ", vectors, " vectors is too large");
  params.vectors = static_cast<unsigned>(vectors);
  params.channel_vectors = make_divisor(std::max<int64_t>(1, parts));
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

namespace {

// How channels are cut into slices for blocks of a cluster: less leaves sectors of memory half read.
struct Slices {
  int64_t count = 1, channels;
  Slices(int64_t channels_of_all, int64_t blocks, int vec) {
    constexpr int64_t kNarrowest = 32;
    while (2 * count <= blocks && channels_of_all >= 2 * count * kNarrowest) count *= 2;
    channels = ceil_div(ceil_div(channels_of_all, vec), count) * vec;
  }
};

// What excitation.cuh is compiled with, and the shared memory that it takes.
Status define_excitation(KernelSpec& spec, const GatesProblem& p, int vec, const Slices& slices,
                         int64_t block) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  INGOT_ASSIGN_OR_RETURN(const std::string first, epilogue_text(p.program1, 1));
  INGOT_ASSIGN_OR_RETURN(const std::string second, epilogue_text(p.program2, 1));
  spec.prelude = str("namespace first {\n", first, "}\nnamespace second {\n", second, "}\n");
  if (p.hidden > 1024 || p.images > 65535)
    return unsupported("a squeeze of ", p.channels, " channels to ", p.hidden);
  spec.define("TYPE", type);
  spec.define("VEC", vec);
  spec.define("SLICE", slices.channels);
  spec.define("SLICES", slices.count);
  spec.define("HIDDEN", p.hidden);
  spec.define("BLOCK", block);
  spec.define("WEIGHTS", vector_width(p.type, {p.hidden}));
  spec.block.x = static_cast<unsigned>(block);
  // Weights go where there is room, if they begin at a multiple of 16 bytes.
  constexpr int64_t kMostStaged = 96 << 10;
  const int64_t weights = 2 * p.hidden * slices.channels * bit_width(p.type) / 8;
  const bool staged = weights <= kMostStaged && slices.channels % 4 == 0;
  spec.define("STAGED", staged);
  const int64_t numbers = slices.channels + 2 * (ceil_div(p.hidden, 4) * 4);
  spec.shared_bytes += static_cast<unsigned>(numbers * 4 + (staged ? weights : 0));
  return {};
}

}  // namespace

Result<KernelSpec> gates_kernel(const GatesProblem& p) {
  constexpr int64_t kBlock = 512;
  const int vec = vector_width(p.type, {p.channels});
  const Slices slices(p.channels, p.blocks, vec);
  KernelSpec spec{.name = str("gates_", data_type_name(p.type), slices.count > 1 ? "__sm90" : ""),
                  .source = "pool/gates.cu",
                  .entry = "gates"};
  spec.shared_bytes =
      static_cast<unsigned>(std::max<int64_t>(1, kBlock / slices.channels) * slices.channels * 4);
  INGOT_RETURN_IF_ERROR(define_excitation(spec, p, vec, slices, kBlock));
  if (spec.shared_bytes > kMostShared) return unsupported("gates of ", p.channels, " channels");
  spec.grid = {static_cast<unsigned>(slices.count), static_cast<unsigned>(p.images)};
  spec.cluster.x = spec.grid.x;
  spec.set_params(
      GatesParams{static_cast<int>(p.parts), static_cast<int>(p.channels), 1 / static_cast<float>(p.pixels)});
  return spec;
}

Result<KernelSpec> squeeze_excitation_kernel(const GatesProblem& p) {
  constexpr int64_t kBlock = 512;
  KernelSpec spec{.name = str("squeeze_excitation_", data_type_name(p.type), p.blocks > 1 ? "__sm90" : ""),
                  .source = "pool/squeeze_excitation.cu",
                  .entry = "squeeze_excitation"};
  const int vec = vector_width(p.type, {p.channels});
  const Slices slices(p.channels, p.blocks, vec);
  const int64_t slice = slices.channels, parts = p.blocks / slices.count;
  if (slice > kBlock) return unsupported("a squeeze of ", p.channels, " channels");
  spec.shared_bytes = static_cast<unsigned>((kBlock / (slice / vec) * slice + slice) * 4);  // sums of pixels
  INGOT_RETURN_IF_ERROR(define_excitation(spec, p, vec, slices, kBlock));
  spec.define("PARTS", parts);
  spec.grid = {static_cast<unsigned>(slices.count * parts), static_cast<unsigned>(p.images)};
  spec.cluster.x = spec.grid.x;
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
  constexpr int64_t kMostOfThread = 32;  // channels, where y is plain
  KernelSpec spec{
      .name = str("resize_", data_type_name(p.type)), .source = "pool/resize.cu", .entry = "resize"};
  PoolParams params{};
  params.height = static_cast<int>(p.height);
  params.width = static_cast<int>(p.width);
  params.channels = static_cast<int>(p.channels);
  const int vec = vector_width(p.type, {p.channels});
  const int64_t part = p.plain ? std::min(p.channels, kMostOfThread) : vec;
  INGOT_RETURN_IF_ERROR(set_pixels(spec, params, p.type, p.images, 1, p.out_h, p.out_w, p.channels,
                                   ceil_div(p.channels, part)));
  spec.define("TAPS_H", p.taps_h);
  spec.define("TAPS_W", p.taps_w);
  spec.define("PLAIN", p.plain);
  spec.define("PART", part);
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
