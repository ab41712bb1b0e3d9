// Magnitudes of a tensor's elements over many samples, and the range that 8-bit integers should cover.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ingot/export.h"

namespace ingot {

class INGOT_API Histogram {
 public:
  /// What is not finite is left out.
  void add(std::span<const float> values);
  /// The largest magnitude seen.
  double largest() const { return largest_; }
  /// The range for which 8-bit magnitudes keep most of the distribution: the least Kullback-Leibler
  /// divergence between what was seen, clipped to the range, and its rounding to 128 levels.
  double entropy_range() const;
  /// The magnitude that this part of all values that are not zero does not exceed.
  double quantile(double part) const;

 private:
  static constexpr int kBins = 2048, kLevels = 128;
  double divergence(int bins) const;

  std::vector<double> counts_ = std::vector<double>(kBins);
  double limit_ = 0, largest_ = 0;  // where the last bin ends
};

}  // namespace ingot
