#include "backends/cuda/kernels/depthwise/depthwise.h"

#include <algorithm>

#include "backends/cuda/kernels/depthwise/depthwise_params.h"
#include "backends/cuda/kernels/pointwise/program_text.h"

namespace ingot::cuda {
namespace {

// Threads side by side on the channels: as many as make whole chunks of them.
int64_t lanes_for(int64_t vectors) {
  for (int64_t lanes = std::min<int64_t>(32, vectors); lanes >= 4; --lanes)
    if (vectors % lanes == 0) return lanes;
  return std::min<int64_t>(vectors, 16);
}

// Of channels that a thread has.
int channels_of_thread(const DepthwiseProblem& p) {
  int vec = std::min(vector_width(p.type, {p.channels}), static_cast<int>(p.piece_channels));
  for (const ConvExtra& e : p.extras)
    if (e.filter != 0) vec = std::min(vec, vector_width(e.type, {e.image, e.pixel}));
  return vec;
}

// How a block's threads lie on channels and pieces, and how many blocks the channels take.
struct Block {
  int vec;
  int64_t lanes, at_once, chunks;
  explicit Block(const DepthwiseProblem& p) : vec(channels_of_thread(p)) {
    const int64_t vectors = std::max<int64_t>(1, p.channels / vec);
    lanes = lanes_for(vectors), at_once = 128 / lanes, chunks = ceil_div(vectors, lanes);
  }
};

int64_t pieces_of_image(const DepthwiseProblem& p) {
  return ceil_div(p.out_h, p.piece_h) * ceil_div(p.out_w, p.piece_w);
}

// Blocks take several pieces in turns where there are enough for all multiprocessors.
int64_t most_blocks(const DepthwiseProblem& p) { return 132 * p.blocks; }

}  // namespace

DepthwiseParts depthwise_parts(const DepthwiseProblem& p) {
  const Block block(p);
  const int64_t rounds = ceil_div(pieces_of_image(p), block.at_once);
  const int64_t most = std::clamp<int64_t>(most_blocks(p) / (block.chunks * p.images), 1, rounds);
  const int64_t each = ceil_div(rounds, most);  // rounds of a block
  return {ceil_div(rounds, each), each * block.at_once};
}

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
  for (size_t i = 0; i < p.extras.size(); ++i) {
    const ConvExtra& e = p.extras[i];
    INGOT_ASSIGN_OR_RETURN(const std::string extra, checked_device_type(e.type));
    spec.prelude += str(" F(", i, ", ", extra, ", ", e.filter != 0, ")");
    params.extra_image[i] = e.image;
    params.extra_pixel[i] = e.pixel;
  }
  spec.prelude += "\n";
  const int64_t strip_pieces = ceil_div(p.out_w, p.piece_w), strips = ceil_div(p.out_h, p.piece_h);
  const int64_t pieces = p.images * pieces_of_image(p);
  if (pieces >= int64_t{1} << 31) return unsupported("a depthwise convolution of ", pieces, " pieces");
  params.pieces = static_cast<unsigned>(pieces);
  params.strip_pieces = make_divisor(std::max<int64_t>(1, strip_pieces));
  params.strips = make_divisor(std::max<int64_t>(1, strips));
  params.height = static_cast<int>(p.height);
  params.width = static_cast<int>(p.width);
  params.out_height = static_cast<int>(p.out_h);
  params.out_width = static_cast<int>(p.out_w);
  params.pad_h = static_cast<int>(p.pad_top);
  params.pad_w = static_cast<int>(p.pad_left);
  spec.define("TYPE", type);
  spec.define("CHANNELS", p.channels);
  const Block block(p);
  spec.define("VEC", block.vec);
  spec.define("ROWS", p.piece_h);
  spec.define("PIXELS", p.piece_w);
  spec.define("KERNEL_H", p.kernel_h);
  spec.define("KERNEL_W", p.kernel_w);
  spec.define("STRIDE_H", p.stride_h);
  spec.define("STRIDE_W", p.stride_w);
  spec.define("DILATION_H", p.dilation_h);
  spec.define("DILATION_W", p.dilation_w);
  spec.define("HAS_BIAS", p.has_bias);
  spec.define("SUMS", p.sums);
  const int64_t most_filters = (p.sums ? 44 : 48) << 10;  // bytes of shared memory; sums need some, too
  if (p.kernel_h * p.kernel_w * block.lanes * block.vec * 4 > most_filters || block.chunks > 65535)
    return unsupported("a depthwise convolution of ", p.channels, " channels, ", p.kernel_h, "x", p.kernel_w);
  spec.define("LANES", block.lanes);
  spec.define("BLOCK", block.lanes * block.at_once);
  spec.block.x = static_cast<unsigned>(block.lanes * block.at_once);
  const DepthwiseParts parts = depthwise_parts(p);
  params.parts = make_divisor(parts.count);
  params.image_pieces = static_cast<unsigned>(pieces_of_image(p));
  params.part_pieces = static_cast<unsigned>(parts.pieces);
  const int64_t blocks = p.sums ? p.images * parts.count
                                : std::clamp<int64_t>(ceil_div(pieces, block.at_once), 1,
                                                      std::max<int64_t>(1, most_blocks(p) / block.chunks));
  spec.grid = {static_cast<unsigned>(blocks), static_cast<unsigned>(block.chunks)};
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
