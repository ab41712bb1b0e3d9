// Normalisations: (x - mean) / sqrt(variance + epsilon), then a scale and a bias.
//
// Over rows (LayerNormalization, RMSNormalization), over groups of whole channels (InstanceNormalization and
// GroupNormalization), and over the channels of each pixel (LayerNormalization of image networks). Batch
// normalisation at inference is a multiply-add for each channel: a pointwise program. Statistics are taken in
// two passes, so a large mean does not cost digits. A NaN or infinity makes its row NaN.
#pragma once

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

struct RowNormDesc {
  int64_t rows = 1, cols = 1;
  float epsilon = 1e-5f;
  bool rms = false;  // the mean is taken as 0
};
struct RowNormOperands {
  const float* x;                   // [rows, cols]
  const float* residual = nullptr;  // [rows, cols], added to x before; null: none
  float* sum = nullptr;             // where x + residual goes, if it is wanted; may be x or residual
  const float* scale = nullptr;     // [cols]; null: 1
  const float* bias = nullptr;      // [cols]; null: 0
  float* y;                         // [rows, cols]; may be x
};
void row_norm(ThreadPool& pool, Isa isa, const RowNormDesc& desc, const RowNormOperands& operands);

/// x, y [batch, channels, pixels]; each group of channels / groups channels is normalised as one row. groups
/// = channels: InstanceNormalization. scale, bias [channels].
struct GroupNormDesc {
  int64_t batch = 1, channels = 1, pixels = 1, groups = 1;
  float epsilon = 1e-5f;
};
void group_norm(ThreadPool& pool, Isa isa, const GroupNormDesc& desc, const float* x, const float* scale,
                const float* bias, float* y);

/// Over the channels of each pixel: x, y [batch, channels, pixels] or blocked (layout/reorder.h). scale,
/// bias: [channels], when blocked padded to whole blocks; null: 1 and 0. Padded lanes do not count; they
/// become 0.
struct ChannelNormDesc {
  int64_t batch = 1, channels = 1, pixels = 1;
  bool blocked = true;
  float epsilon = 1e-5f;
  bool rms = false;
};
void channel_norm(ThreadPool& pool, Isa isa, const ChannelNormDesc& desc, const float* x, const float* scale,
                  const float* bias, float* y);

/// mean and 1 / sqrt(variance + epsilon)
struct Moments {
  float mean, factor;
};
struct NormKernels {
  void (*row)(const float* x, const float* residual, float* sum, const float* scale, const float* bias,
              float* y, int64_t n, float epsilon, bool rms);
  Moments (*moments)(const float* x, int64_t n, float epsilon, bool rms);
  /// y = x * scale + bias
  void (*affine)(const float* x, float scale, float bias, float* y, int64_t n);
  /// Pixels [0, n) of one image, channels `stride` floats apart. At most kPlainPixelGroup of them.
  void (*pixels_plain)(const float* x, int64_t stride, int64_t channels, int n, const float* scale,
                       const float* bias, float* y, float epsilon, bool rms);
  /// The same with channel blocks `stride` floats apart, at most kBlockedPixelGroup pixels.
  void (*pixels_blocked)(const float* x, int64_t stride, int64_t channels, int n, const float* scale,
                         const float* bias, float* y, float epsilon, bool rms);
};
inline constexpr int kPlainPixelGroup = 64, kBlockedPixelGroup = 8;
const NormKernels& norm_kernels(Isa isa);

}  // namespace ingot::cpu
