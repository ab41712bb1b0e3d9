// Epilogue: what a convolution or matrix product does to its result besides bias. Depending on the program
// and on where its operands lie it becomes part of the tile kernel (residual, clamp), a program on each
// finished tile, or one pass over the result.
#pragma once

#include <limits>

#include "backends/cpu/kernels/pointwise/pointwise.h"
#include "backends/cpu/kernels/pointwise/tile_post.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {

class Epilogue {
 public:
  static constexpr float kInf = std::numeric_limits<float>::infinity();

  /// `first`: index of the first extra input of the step. args: `epilogue`, `channels` (see
  /// compile/channels.h).
  static Result<Epilogue> create(const KernelSpec& spec, size_t first);
  /// One that reads nothing but the result.
  static Result<Epilogue> alone(const std::string& program);

  /// `tiles`: the kernel can call post(); `residual`: it can add a tensor before clamping.
  Status resize(std::span<const TensorArg* const> inputs, const TensorArg& result, Isa isa, int threads,
                bool residual = true, bool tiles = true);

  // In the tile kernel.
  bool passes() const { return mode_ == kPass; }  // and none of the below
  bool clamps() const { return mode_ == kClamp && (lo_ != -kInf || hi_ != kInf); }
  float lo() const { return mode_ == kClamp ? lo_ : -kInf; }
  float hi() const { return mode_ == kClamp ? hi_ : kInf; }
  /// The tensor to add before clamping, or null.
  const float* residual(const Invocation& call) const;
  /// The program for each finished tile; empty where there is none.
  PostCall post(const Invocation& call);
  /// The pass over the whole result, where that is what it takes.
  void finish(const Invocation& call, void* scratch);
  size_t scratch_bytes() const { return mode_ == kPass ? pass_.scratch_bytes() : 0; }

 private:
  enum Mode { kClamp, kTile, kPass };
  Status parse(const std::string& program, int extras);

  size_t first_ = 0;
  std::vector<VectorInstruction> program_;
  Ints channels_;
  Mode mode_ = kClamp;
  // The simple form: add x0 x1, then a clamp; each part optional.
  bool simple_ = true;
  int residual_ = -1;  // extra input
  float lo_ = -kInf, hi_ = kInf;
  std::vector<TilePost> post_;  // one at most
  Pointwise pass_;
  std::vector<const float*> operands_;
};

/// Strides of `arg` along the dims in which a pointwise kernel walks `result`; `per_channel` for packed
/// channel vectors.
Dims walked_strides(const TensorArg& arg, const TensorArg& result, bool per_channel);
/// Those dims: blocked tensors as [N, C / b, spatial..., b].
Dims walked_dims(const Dims& dims, Layout layout, int block);

}  // namespace ingot::cpu
