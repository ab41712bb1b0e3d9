#include "histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ingot::tensorrt {
namespace {

constexpr size_t kSteps = 128;  // of one sign

// Relative entropy between the first `count` bins, with all that lies beyond in the last of them, and the
// same with kSteps steps for all of them.
double divergence(const std::vector<double>& bins, size_t count, double beyond) {
  std::vector<double> p(bins.begin(), bins.begin() + static_cast<int64_t>(count)), q(count, 0.0);
  for (size_t step = 0; step < kSteps; ++step) {
    const size_t begin = step * count / kSteps, end = (step + 1) * count / kSteps;
    double sum = 0, used = 0;
    for (size_t i = begin; i < end; ++i) sum += p[i], used += p[i] > 0 ? 1 : 0;
    for (size_t i = begin; i < end; ++i)
      if (p[i] > 0) q[i] = sum / used;
  }
  p[count - 1] += beyond;
  const double p_sum = std::accumulate(p.begin(), p.end(), 0.0),
               q_sum = std::accumulate(q.begin(), q.end(), 0.0);
  constexpr double kNone = 1e-9;  // in place of nothing where there was something
  double out = 0;
  for (size_t i = 0; i < count; ++i)
    if (p[i] > 0) out += p[i] / p_sum * std::log(p[i] / p_sum / std::max(q[i] / q_sum, kNone));
  return out;
}

}  // namespace

// The range is doubled, by adding the bins in pairs, until it covers `most`.
void Histogram::widen(float most) {
  if (range_ == 0) range_ = most;
  for (; range_ < most; range_ *= 2) {
    for (size_t i = 0; i < kBins / 2; ++i) bins_[i] = bins_[2 * i] + bins_[2 * i + 1];
    std::fill(bins_.begin() + kBins / 2, bins_.end(), 0.0);
  }
}

void Histogram::add(const float* values, int64_t count) {
  float most = most_;
  for (int64_t i = 0; i < count; ++i)
    if (std::isfinite(values[i])) most = std::max(most, std::abs(values[i]));
  if (most == 0) return;
  most_ = most;
  widen(most);
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i]) || values[i] == 0) continue;  // zero is zero in any scale
    const auto bin = static_cast<size_t>(std::abs(values[i]) / range_ * kBins);
    bins_[std::min(bin, kBins - 1)] += 1;
  }
}

float Histogram::entropy_limit() const {
  const double total = std::accumulate(bins_.begin(), bins_.end(), 0.0);
  if (total == 0) return most_;
  constexpr int64_t kTried = 8;  // bins from one limit to the next: the optimum is flat
  size_t best = kBins;
  double least = std::numeric_limits<double>::infinity();
  for (size_t count = kSteps; count <= kBins; count += kTried) {
    const auto end = bins_.begin() + static_cast<int64_t>(count);
    const double beyond = std::accumulate(end, bins_.end(), 0.0);
    if (const double d = divergence(bins_, count, beyond); d < least) least = d, best = count;
  }
  return std::min(most_, range_ * static_cast<float>(best) / kBins);
}

float Histogram::quantile(double part) const {
  const double total = std::accumulate(bins_.begin(), bins_.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < kBins; ++i) {
    sum += bins_[i];
    if (sum >= part * total) return std::min(most_, range_ * static_cast<float>(i + 1) / kBins);
  }
  return most_;
}

}  // namespace ingot::tensorrt
