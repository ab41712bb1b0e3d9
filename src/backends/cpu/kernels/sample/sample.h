// Values between the pixels of planes: GridSample at any places, RoiAlign within boxes. The places'
// neighbours and weights are found once for all channels.
#pragma once

#include <cstdint>

#include "base/threads.h"

namespace ingot::cpu {

enum class SampleFilter : uint8_t { kLinear, kNearest, kCubic };
enum class SamplePadding : uint8_t { kZeros, kBorder, kReflection };

struct GridSampleDesc {
  int64_t batch = 1, channels = 1, points = 1;  // points of one image
  int spatial = 2;                              // dims, up to 3
  int64_t in[3] = {1, 1, 1};                    // depth, height, width; the last `spatial` count
  SampleFilter filter = SampleFilter::kLinear;
  SamplePadding padding = SamplePadding::kZeros;
  bool align_corners = false;
};
/// x [batch, channels, in...], grid [batch, points, spatial], y [batch, channels, points]
void grid_sample(ThreadPool& pool, const GridSampleDesc& desc, const float* x, const float* grid, float* y);

struct RoiAlignDesc {
  int64_t batch = 1, channels = 1, height = 1, width = 1, rois = 1, bins_y = 1, bins_x = 1;
  int64_t ratio = 0;  // samples of a bin along each axis; 0: as many as it has pixels
  float scale = 1;
  bool half_pixel = true, average = true;
};
inline constexpr int64_t kMaxRoiSamples = 4096;  // of a bin along one axis
/// The first box whose image does not exist or which has too many samples; -1: there is none.
int64_t bad_roi(const RoiAlignDesc& desc, const float* rois, const int64_t* images);
/// x [batch, channels, height, width], rois [rois, 4] none of them bad, y [rois, channels, bins_y, bins_x]
void roi_align(ThreadPool& pool, const RoiAlignDesc& desc, const float* x, const float* rois,
               const int64_t* images, float* y);

}  // namespace ingot::cpu
