#include "backends/cpu/kernels/resize/resize.h"

#include <algorithm>
#include <cmath>

namespace ingot::cpu {

namespace baseline {
extern const ResizeKernels kResize;
}
namespace avx2 {
extern const ResizeKernels kResize;
}
namespace avx512 {
extern const ResizeKernels kResize;
}
const ResizeKernels& resize_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kResize); }

namespace {

// The place of output pixel `o` among the input's pixels.
double coordinate(const ResizeDesc& d, const ResizeAxis& a, int64_t o) {
  const auto in = static_cast<double>(a.in), out = static_cast<double>(a.out), x = static_cast<double>(o);
  switch (d.coordinates) {
    case ResizeCoordinates::kHalfPixel:
      return (x + 0.5) / a.scale - 0.5;
    case ResizeCoordinates::kHalfPixelSymmetric: {
      // the output's length before it was rounded, centred
      const double adjustment = out / (a.scale * in), center = in / 2, offset = center * (1 - adjustment);
      return offset + (x + 0.5) / a.scale - 0.5;
    }
    case ResizeCoordinates::kPytorchHalfPixel:
      return a.out > 1 ? (x + 0.5) / a.scale - 0.5 : 0;
    case ResizeCoordinates::kAlignCorners:
      return a.out > 1 ? x * (in - 1) / (out - 1) : 0;
    case ResizeCoordinates::kAsymmetric:
      return x / a.scale;
    case ResizeCoordinates::kTfHalfPixelForNn:
      return (x + 0.5) / a.scale;
    case ResizeCoordinates::kTfCropAndResize:
      return a.out > 1 ? a.roi_from * (in - 1) + x * (a.roi_to - a.roi_from) * (in - 1) / (out - 1)
                       : 0.5 * (a.roi_from + a.roi_to) * (in - 1);
  }
  return 0;
}

double nearest(ResizeRounding rounding, double x) {
  switch (rounding) {
    case ResizeRounding::kRoundPreferFloor:
      return std::ceil(x - 0.5);
    case ResizeRounding::kRoundPreferCeil:
      return std::floor(x + 0.5);
    case ResizeRounding::kFloor:
      return std::floor(x);
    case ResizeRounding::kCeil:
      return std::ceil(x);
  }
  return x;
}

// Keys, "Cubic convolution interpolation for digital image processing", 1981, with free parameter a.
double cubic(double a, double distance) {
  const double t = std::fabs(distance);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

}  // namespace

ResizeTable resize_table(const ResizeDesc& d, const ResizeAxis& axis) {
  ResizeTable table;
  table.taps = d.mode == ResizeMode::kNearest ? 1 : d.mode == ResizeMode::kLinear ? 2 : 4;
  for (int64_t o = 0; o < axis.out; ++o) {
    const double x = coordinate(d, axis, o), limit = static_cast<double>(axis.in - 1);
    const bool outside = d.coordinates == ResizeCoordinates::kTfCropAndResize && (x < 0 || x > limit);
    const double first = d.mode == ResizeMode::kNearest  ? nearest(d.rounding, x)
                         : d.mode == ResizeMode::kLinear ? std::floor(x)
                                                         : std::floor(x) - 1;
    double weights[4] = {1, 0, 0, 0}, sum = 0;
    for (int t = 0; t < table.taps; ++t) {
      const double at = first + t;
      if (d.mode == ResizeMode::kLinear) weights[t] = 1 - std::fabs(x - at);
      if (d.mode == ResizeMode::kCubic)
        weights[t] = d.exclude_outside && (at < 0 || at > limit) ? 0 : cubic(d.cubic_a, x - at);
      sum += weights[t];
    }
    for (int t = 0; t < table.taps; ++t) {
      table.index.push_back(outside ? -1 : static_cast<int32_t>(std::clamp(first + t, 0.0, limit)));
      table.weight.push_back(static_cast<float>(d.exclude_outside ? weights[t] / sum : weights[t]));
    }
  }
  return table;
}

void Resize::prepare(const ResizeDesc& desc, Isa isa, int threads) {
  desc_ = desc;
  isa_ = isa;
  threads_ = threads;
  h_ = resize_table(desc, desc.h);
  w_ = resize_table(desc, desc.w);
  outside_columns_.clear();
  for (size_t i = 0; i < w_.index.size(); ++i) {  // outside pixels are read as the first one, and overwritten
    if (w_.index[i] >= 0) continue;
    w_.index[i] = 0;
    if (i % static_cast<size_t>(w_.taps) == 0) outside_columns_.push_back(static_cast<int64_t>(i) / w_.taps);
  }
  lanes_ = desc.blocked ? block_of(isa) : 1;
  scratch_floats_ = (desc.w.in * lanes_ + 15) / 16 * 16;
}

void Resize::run(ThreadPool& pool, const float* x, float* y, void* scratch) const {
  const ResizeKernels& kernels = resize_kernels(isa_);
  const int64_t in_row = desc_.w.in * lanes_, out_row = desc_.w.out * lanes_,
                rows = desc_.planes * desc_.h.out;
  const auto columns_function = desc_.blocked ? kernels.blend_columns_blocked : kernels.blend_columns;
  auto work = [&](int thread, int threads) {
    float* blended = static_cast<float*>(scratch) + thread * scratch_floats_;
    const Share mine = share(rows, thread, threads);
    int64_t held = -1;  // the plane and row taps that `blended` holds
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      const int64_t plane = unit / desc_.h.out, oy = unit % desc_.h.out;
      const int32_t* index = &h_.index[static_cast<size_t>(oy * h_.taps)];
      float* to = y + unit * out_row;
      if (index[0] < 0) {
        std::fill_n(to, out_row, desc_.extrapolation);
        continue;
      }
      const float* row = x + (plane * desc_.h.in + index[0]) * in_row;
      if (h_.taps > 1) {
        const float* sources[4];
        for (int t = 0; t < h_.taps; ++t) sources[t] = x + (plane * desc_.h.in + index[t]) * in_row;
        kernels.blend_rows(sources, &h_.weight[static_cast<size_t>(oy * h_.taps)], h_.taps, in_row, blended);
        row = blended;
      } else if (held == plane * desc_.h.in + index[0] && unit > mine.begin) {
        std::copy_n(to - out_row, out_row, to);  // the same input row again
        continue;
      }
      held = plane * desc_.h.in + index[0];
      columns_function(row, w_.index.data(), w_.weight.data(), w_.taps, desc_.w.out, to);
      for (int64_t column : outside_columns_) std::fill_n(to + column * lanes_, lanes_, desc_.extrapolation);
    }
  };
  if (rows * out_row < 8192) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace ingot::cpu
