// Resize: images scaled by nearest, linear or cubic interpolation, in the plain layout and the blocked one.
//
// Which input pixels make an output pixel, and with what weights, is computed once for each axis; all of
// ONNX's coordinate modes differ only there.
#pragma once

#include <vector>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

enum class ResizeMode : uint8_t { kNearest, kLinear, kCubic };
enum class ResizeCoordinates : uint8_t {
  kHalfPixel,
  kHalfPixelSymmetric,
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kTfHalfPixelForNn,
  kTfCropAndResize,
};
enum class ResizeRounding : uint8_t { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };

struct ResizeAxis {
  int64_t in = 1, out = 1;
  double scale = 1;                 // output pixels for one input pixel
  double roi_from = 0, roi_to = 1;  // kTfCropAndResize: as shares of the input
};
struct ResizeDesc {
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  ResizeRounding rounding = ResizeRounding::kRoundPreferFloor;
  double cubic_a = -0.75;
  bool exclude_outside = false;  // cubic taps outside the image weigh 0
  float extrapolation = 0;       // of output pixels outside the image, kTfCropAndResize
  bool blocked = false;
  int64_t planes = 1;  // N C, or N C/c when blocked
  ResizeAxis h, w;
};

/// The taps of each output index of one axis: input indices and weights, `taps` of each. An index outside the
/// image (kTfCropAndResize) has the first index -1.
struct ResizeTable {
  int taps = 1;
  std::vector<int32_t> index;
  std::vector<float> weight;
};
ResizeTable resize_table(const ResizeDesc& desc, const ResizeAxis& axis);

class Resize {
 public:
  void prepare(const ResizeDesc& desc, Isa isa, int threads);
  size_t scratch_bytes() const { return static_cast<size_t>(threads_ * scratch_floats_) * sizeof(float); }
  void run(ThreadPool& pool, const float* x, float* y, void* scratch) const;

 private:
  ResizeDesc desc_;
  Isa isa_ = Isa::baseline;
  ResizeTable h_, w_;
  std::vector<int64_t> outside_columns_;
  int threads_ = 1;
  int64_t lanes_ = 1, scratch_floats_ = 0;
};

struct ResizeKernels {
  /// row[0, n) = the sum of rows[t] * weights[t]
  void (*blend_rows)(const float* const* rows, const float* weights, int taps, int64_t n, float* row);
  /// One row of pixels of one float, or of one vector.
  void (*blend_columns)(const float* row, const int32_t* index, const float* weight, int taps, int64_t out,
                        float* y);
  void (*blend_columns_blocked)(const float* row, const int32_t* index, const float* weight, int taps,
                                int64_t out, float* y);
};
const ResizeKernels& resize_kernels(Isa isa);

}  // namespace ingot::cpu
