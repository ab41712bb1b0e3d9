// Magnitudes of a tensor's elements over many batches, and the largest that INT8 should tell from others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ingot::tensorrt {

class Histogram {
 public:
  /// Not finite values are left out.
  void add(const float* values, int64_t count);
  float most() const { return most_; }
  /// The limit at which clipping and rounding to 127 steps change the distribution least, by its relative
  /// entropy.
  float entropy_limit() const;
  /// The magnitude that this part of all values does not exceed.
  float quantile(double part) const;

 private:
  static constexpr size_t kBins = 2048;
  void widen(float most);

  std::vector<double> bins_ = std::vector<double>(kBins, 0.0);
  float range_ = 0, most_ = 0;  // what the bins cover together, and the largest magnitude there was
};

}  // namespace ingot::tensorrt
