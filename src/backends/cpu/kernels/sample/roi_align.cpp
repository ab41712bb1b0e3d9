#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/cpu/kernels/sample/sample.h"

namespace ingot::cpu {
namespace {

constexpr int kSamples = 32;  // whose neighbours are kept at a time

// A box in pixels, and its samples.
struct Box {
  double left, top, bin_y, bin_x, count_y, count_x;

  Box(const RoiAlignDesc& d, const float* roi) {
    const double scale = d.scale, shift = d.half_pixel ? 0.5 : 0;
    left = roi[0] * scale - shift;
    top = roi[1] * scale - shift;
    double width = roi[2] * scale - shift - left, height = roi[3] * scale - shift - top;
    if (!d.half_pixel) {
      width = std::max(width, 1.0);
      height = std::max(height, 1.0);
    }
    bin_y = height / static_cast<double>(d.bins_y);
    bin_x = width / static_cast<double>(d.bins_x);
    count_y = d.ratio > 0 ? static_cast<double>(d.ratio) : std::ceil(bin_y);
    count_x = d.ratio > 0 ? static_cast<double>(d.ratio) : std::ceil(bin_x);
  }
};

struct Sample {
  int64_t offset[4] = {};
  float weight[4] = {};
};

// One coordinate's lower and upper neighbour, and the weight of the upper.
struct Between {
  int64_t low, high;
  double part;
  Between(double x, int64_t size) {
    x = std::max(x, 0.0);
    low = std::min(static_cast<int64_t>(x), size - 1);
    high = std::min(low + 1, size - 1);
    part = low == size - 1 ? 0 : x - static_cast<double>(low);
  }
};

Sample sample_at(double y, double x, const RoiAlignDesc& d) {
  if (y < -1 || y > static_cast<double>(d.height) || x < -1 || x > static_cast<double>(d.width)) return {};
  const Between v(y, d.height), h(x, d.width);
  return {{v.low * d.width + h.low, v.low * d.width + h.high, v.high * d.width + h.low,
           v.high * d.width + h.high},
          {static_cast<float>((1 - v.part) * (1 - h.part)), static_cast<float>((1 - v.part) * h.part),
           static_cast<float>(v.part * (1 - h.part)), static_cast<float>(v.part * h.part)}};
}

// Adds some samples of a bin to the results of all channels, `step` apart.
void add(const RoiAlignDesc& d, const Sample* samples, int count, const float* x, float* y, int64_t step) {
  for (int64_t c = 0; c < d.channels; ++c, x += d.height * d.width, y += step) {
    float value = *y;
    for (int s = 0; s < count; ++s)
      for (int q = 0; q < 4; ++q) {
        const float part = samples[s].weight[q] * x[samples[s].offset[q]];
        value = d.average ? value + part : std::max(value, part);
      }
    *y = value;
  }
}

void align_box(const RoiAlignDesc& d, const Box& box, const float* x, float* y) {
  const int64_t bins = d.bins_y * d.bins_x;
  const auto total = static_cast<float>(box.count_y * box.count_x);
  Sample samples[kSamples];
  for (int64_t bin = 0; bin < bins; ++bin, ++y) {
    const auto by = static_cast<double>(bin / d.bins_x), bx = static_cast<double>(bin % d.bins_x);
    const bool none = !(box.count_y > 0 && box.count_x > 0);
    for (int64_t c = 0; c < d.channels; ++c)
      y[c * bins] = d.average || none ? 0 : -std::numeric_limits<float>::infinity();
    int count = 0;
    for (double i = 0; i < box.count_y; ++i)
      for (double k = 0; k < box.count_x; ++k) {
        samples[count++] = sample_at(box.top + (by + (i + 0.5) / box.count_y) * box.bin_y,
                                     box.left + (bx + (k + 0.5) / box.count_x) * box.bin_x, d);
        if (count < kSamples) continue;
        add(d, samples, count, x, y, bins);
        count = 0;
      }
    add(d, samples, count, x, y, bins);
    for (int64_t c = 0; d.average && !none && c < d.channels; ++c) y[c * bins] /= total;
  }
}

}  // namespace

int64_t bad_roi(const RoiAlignDesc& d, const float* rois, const int64_t* images) {
  constexpr auto kMost = static_cast<double>(kMaxRoiSamples);
  for (int64_t r = 0; r < d.rois; ++r) {
    const Box box(d, rois + 4 * r);
    if (images[r] < 0 || images[r] >= d.batch ||
        !(std::fabs(box.count_y) <= kMost && std::fabs(box.count_x) <= kMost))
      return r;
  }
  return -1;
}

void roi_align(ThreadPool& pool, const RoiAlignDesc& d, const float* x, const float* rois,
               const int64_t* images, float* y) {
  pool.run([&](int thread) {
    const Share mine = share(d.rois, thread, pool.size());
    for (int64_t r = mine.begin; r < mine.end; ++r)
      align_box(d, Box(d, rois + 4 * r), x + images[r] * d.channels * d.height * d.width,
                y + r * d.channels * d.bins_y * d.bins_x);
  });
}

}  // namespace ingot::cpu
