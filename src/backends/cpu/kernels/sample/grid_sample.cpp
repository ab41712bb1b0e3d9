#include <algorithm>
#include <cmath>

#include "backends/cpu/kernels/sample/sample.h"

namespace ingot::cpu {
namespace {

constexpr int64_t kPoints = 32;  // of a unit of work
constexpr int kMaxTaps = 4;      // of one axis

// The neighbours along one axis; those outside have weight 0 where they count as zeros.
struct Taps {
  int count = 0;
  int64_t index[kMaxTaps];
  double weight[kMaxTaps];
};

// `x` folded back into [low, high] as by mirrors at both ends.
double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  const double rest = std::fmod(std::fabs(x < low ? low - x : x - low), 2 * range);
  return low + (rest <= range ? rest : 2 * range - rest);
}

Taps taps_at(const GridSampleDesc& d, double place, int64_t size) {
  const auto n = static_cast<double>(size);
  double x = d.align_corners ? (place + 1) / 2 * (n - 1) : ((place + 1) * n - 1) / 2;
  if (!(std::fabs(x) < 1e9)) x = -1e9;  // far outside, or not a number
  const double low = d.align_corners ? 0 : -0.5, high = d.align_corners ? n - 1 : n - 0.5;
  if (d.filter == SampleFilter::kNearest) x = std::nearbyint(x);
  const bool outside = x < low || x > high;
  if (outside && d.padding == SamplePadding::kBorder) x = std::clamp(x, 0.0, n - 1);
  if (outside && d.padding == SamplePadding::kReflection) x = reflect(x, low, high);
  Taps taps;
  const auto add = [&](int64_t i, double weight) {
    if (i < 0 || i >= size) {
      if (d.padding == SamplePadding::kZeros)
        weight = 0;
      else if (d.padding == SamplePadding::kReflection)
        i = static_cast<int64_t>(reflect(static_cast<double>(i), low, high));
    }
    taps.index[taps.count] = std::clamp<int64_t>(i, 0, size - 1);
    taps.weight[taps.count++] = weight;
  };
  const auto floor = static_cast<int64_t>(std::floor(x));
  const double t = x - static_cast<double>(floor);
  if (d.filter == SampleFilter::kNearest) {
    add(static_cast<int64_t>(std::nearbyint(x)), 1);
  } else if (d.filter == SampleFilter::kLinear) {
    add(floor, 1 - t);
    add(floor + 1, t);
  } else {
    constexpr double kA = -0.75;
    const auto near = [](double v) { return ((kA + 2) * v - (kA + 3)) * v * v + 1; };
    const auto far = [](double v) { return ((kA * v - 5 * kA) * v + 8 * kA) * v - 4 * kA; };
    add(floor - 1, far(1 + t));
    add(floor, near(t));
    add(floor + 1, near(1 - t));
    add(floor + 2, far(2 - t));
  }
  return taps;
}

// The neighbours of some points in a plane: as many for each.
struct Neighbours {
  int count = 0;
  int64_t offset[kPoints][kMaxTaps * kMaxTaps * kMaxTaps];
  float weight[kPoints][kMaxTaps * kMaxTaps * kMaxTaps];
};

void find(const GridSampleDesc& d, const float* grid, int64_t points, Neighbours& out) {
  for (int64_t p = 0; p < points; ++p) {
    Taps taps[3];
    for (int k = 0; k < 3; ++k) {
      const int from_last = 2 - k;  // the grid has the last dim first
      if (from_last < d.spatial) {
        taps[k] = taps_at(d, grid[p * d.spatial + from_last], d.in[k]);
      } else {
        taps[k].count = 1;
        taps[k].index[0] = 0;
        taps[k].weight[0] = 1;
      }
    }
    int n = 0;
    for (int a = 0; a < taps[0].count; ++a)
      for (int b = 0; b < taps[1].count; ++b)
        for (int c = 0; c < taps[2].count; ++c, ++n) {
          out.offset[p][n] = (taps[0].index[a] * d.in[1] + taps[1].index[b]) * d.in[2] + taps[2].index[c];
          out.weight[p][n] = static_cast<float>(taps[0].weight[a] * taps[1].weight[b] * taps[2].weight[c]);
        }
    out.count = n;
  }
}

}  // namespace

void grid_sample(ThreadPool& pool, const GridSampleDesc& d, const float* x, const float* grid, float* y) {
  const int64_t plane = d.in[0] * d.in[1] * d.in[2], groups = (d.points + kPoints - 1) / kPoints;
  pool.run([&](int thread) {
    const Share mine = share(d.batch * groups, thread, pool.size());
    Neighbours near;
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      const int64_t image = unit / groups, first = unit % groups * kPoints,
                    count = std::min(kPoints, d.points - first);
      find(d, grid + (image * d.points + first) * d.spatial, count, near);
      for (int64_t c = 0; c < d.channels; ++c) {
        const float* from = x + (image * d.channels + c) * plane;
        float* to = y + (image * d.channels + c) * d.points + first;
        for (int64_t p = 0; p < count; ++p) {
          float sum = 0;
          for (int n = 0; n < near.count; ++n)
            if (near.weight[p][n] != 0) sum += near.weight[p][n] * from[near.offset[p][n]];
          to[p] = sum;
        }
      }
    }
  });
}

}  // namespace ingot::cpu
