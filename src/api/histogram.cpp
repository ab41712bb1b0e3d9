#include "ingot/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ingot {

void Histogram::add(std::span<const float> values) {
  double largest = 0;
  for (float v : values)
    if (std::isfinite(v)) largest = std::max(largest, std::fabs(static_cast<double>(v)));
  largest_ = std::max(largest_, largest);
  if (largest == 0) return;
  if (limit_ == 0) limit_ = largest;
  for (; limit_ < largest; limit_ *= 2) {  // bins that are twice as wide
    for (size_t i = 0; i < kBins / 2; ++i) counts_[i] = counts_[2 * i] + counts_[2 * i + 1];
    std::fill(counts_.begin() + kBins / 2, counts_.end(), 0);
  }
  for (float v : values)
    if (std::isfinite(v) && v != 0)  // zero is zero in any range
      ++counts_[static_cast<size_t>(
          std::min(std::fabs(static_cast<double>(v)) / limit_ * kBins, kBins - 1.0))];
}

double Histogram::divergence(int bins) const {
  const auto n = static_cast<size_t>(bins);
  const auto count = [&](size_t i) { return i == 0 ? 0 : counts_[i]; };  // nearly zero is exact in any range
  std::vector<double> sums(kLevels), members(kLevels);
  for (size_t i = 0; i < n; ++i) {
    sums[i * kLevels / n] += count(i);
    members[i * kLevels / n] += count(i) > 0;
  }
  double beyond = 0, inside = 0;
  for (size_t i = 0; i < kBins; ++i) (i < n ? inside : beyond) += count(i);
  if (inside == 0) return std::numeric_limits<double>::infinity();
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    const double seen = (count(i) + (i + 1 == n ? beyond : 0)) / (inside + beyond);
    const size_t level = i * kLevels / n;
    const double rounded = count(i) > 0 ? sums[level] / members[level] / inside : 0;
    if (seen > 0) sum += seen * std::log(seen / std::max(rounded, 1e-9));
  }
  return sum;
}

double Histogram::entropy_range() const {
  int best = kBins;
  double least = std::numeric_limits<double>::infinity();
  for (int bins = kLevels; bins <= kBins; bins += 8)
    if (const double d = divergence(bins); d < least) {
      least = d;
      best = bins;
    }
  return std::min(largest_, limit_ * best / kBins);
}

double Histogram::quantile(double part) const {
  double total = 0, sum = 0;
  for (double c : counts_) total += c;
  for (size_t i = 0; i < kBins; ++i)
    if ((sum += counts_[i]) >= part * total) return std::min(largest_, limit_ * double(i + 1) / kBins);
  return largest_;
}

}  // namespace ingot
