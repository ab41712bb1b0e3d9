#include "backends/cpu/kernels/conv/prologue.h"

#include <algorithm>

namespace ingot::cpu {

const char* prologue_conv_why_not(const ConvDesc& d) {
  for (int axis : {0, 1})
    if (d.kernel[axis] != 1 || d.stride[axis] != 1 || d.pad_begin[axis] != 0 || d.pad_end[axis] != 0)
      return "it is not pointwise";
  if (d.groups != 1) return "it has groups";
  return d.plain_src ? "the source is not blocked" : nullptr;
}

PrologueConv::PrologueConv(const ConvDesc& desc, Isa isa, const PrologueConvTuning& tuning, int threads)
    : desc_(desc),
      threads_(threads),
      lanes_(block_of(isa)),
      pixels_(desc.in[0] * desc.in[1]),
      in_blocks_(divide_up(desc.in_channels, lanes_)),
      out_blocks_(divide_up(desc.out_channels, lanes_)),
      tuning_(tuning) {
  const DirectConvTuning chosen =
      DirectConv(desc, isa, {.vecs = tuning.vecs, .row_threads = tuning.row_threads}, threads).tuning();
  tuning_.vecs = chosen.vecs;
  if (tuning_.row_threads == 0 || threads % tuning_.row_threads != 0)
    tuning_.row_threads = threads % chosen.row_threads == 0 ? chosen.row_threads : 1;
  if (tuning_.strip_bytes == 0) tuning_.strip_bytes = second_cache_budget() / 2;
  const int64_t tile_bytes = 4 * in_blocks_ * lanes_ * chosen.rows;
  const int64_t tiles = divide_up(pixels_, chosen.rows);
  strip_tiles_ =
      std::clamp<int64_t>(tuning_.strip_bytes / tile_bytes, 1, divide_up(tiles, tuning_.row_threads));
  strip_plane_ = strip_tiles_ * chosen.rows * lanes_;
  if (desc_.src_image == 0) desc_.src_image = in_blocks_ * lanes_ * pixels_;
  if (desc_.dst_image == 0) desc_.dst_image = out_blocks_ * lanes_ * pixels_;
  if (desc_.residual_image == 0) desc_.residual_image = out_blocks_ * lanes_ * pixels_;
  ConvDesc from_strip = desc_;
  from_strip.src_plane = strip_plane_;
  conv_.emplace(from_strip, isa, chosen, 1);
}

void PrologueConv::run(ThreadPool& pool, const Prologue& prologue, const ConvBuffers& buffers) const {
  const int columns = threads_ / tuning_.row_threads;
  pool.run([&](int thread) {
    const Share mine = share(conv_->tiles(), thread / columns, tuning_.row_threads);
    Share blocks = share(divide_up(out_blocks_, tuning_.vecs), thread % columns, columns);
    blocks = {blocks.begin * tuning_.vecs, std::min(out_blocks_, blocks.end * tuning_.vecs)};
    if (blocks.begin >= blocks.end) return;
    float* const strip = buffers.scratch + thread * in_blocks_ * strip_plane_;
    for (int64_t image = 0; image < desc_.batch; ++image)
      for (int64_t at = mine.begin; at < mine.end; at += strip_tiles_)
        run_part(prologue, buffers, image, {at, std::min(mine.end, at + strip_tiles_)}, blocks, strip);
  });
}

void PrologueConv::run_part(const Prologue& prologue, const ConvBuffers& buffers, int64_t image, Share tiles,
                            Share blocks, float* strip) const {
  const float* operands[VectorProgram::kMaxInputs];
  for (size_t i = 0; i < prologue.operands.size(); ++i)
    operands[i] = prologue.operands[i] + image * prologue.operand_images[i];
  const Share pixels = conv_->pixels_of(tiles);
  const float* src = buffers.src + image * desc_.src_image + pixels.begin * lanes_;
  for (int64_t block = 0; block < in_blocks_; ++block)
    prologue.program.apply_block(operands, src + block * pixels_ * lanes_, strip + block * strip_plane_, 0,
                                 block * lanes_, (pixels.end - pixels.begin) * lanes_);
  // What the program made of the zeros behind the last channel may be no number.
  if (const int64_t channels = desc_.in_channels % lanes_; channels != 0)
    for (int64_t i = 0; i < pixels.end - pixels.begin; ++i)
      std::fill(strip + (in_blocks_ - 1) * strip_plane_ + i * lanes_ + channels,
                strip + (in_blocks_ - 1) * strip_plane_ + (i + 1) * lanes_, 0.0f);
  ConvBuffers part = buffers;
  part.src = strip;
  part.src_pixel = pixels.begin;
  part.dst += image * desc_.dst_image;
  if (part.residual != nullptr) part.residual += image * desc_.residual_image;
  conv_->run_tiles(part, tiles, blocks);
}

std::string prologue_conv_name(const PrologueConvTuning& tuning, Isa isa) {
  return "conv_prologue_f32_x" + std::to_string(tuning.vecs) + "__" + std::string(isa_name(isa));
}

std::vector<PrologueConvTuning> prologue_conv_candidates(const ConvDesc& desc, Isa isa, int threads) {
  std::vector<PrologueConvTuning> candidates;
  const auto add = [&](const PrologueConvTuning& wanted) {
    const PrologueConvTuning made = PrologueConv(desc, isa, wanted, threads).tuning();
    if (std::find(candidates.begin(), candidates.end(), made) == candidates.end()) candidates.push_back(made);
  };
  add({});
  if (threads > 1) {
    add({.row_threads = 1});
    add({.row_threads = threads});
  }
  const PrologueConvTuning first = candidates[0];
  add({.vecs = first.vecs == 2 ? 3 : 2});
  add({.strip_bytes = first.strip_bytes / 4});
  return candidates;
}

}  // namespace ingot::cpu
