// The tuner: times the candidates of a node on the device, at the profile's opt shapes and in their real
// layouts.
#pragma once

#include "runtime/device.h"
#include "target/target.h"
#include "tune/timing_cache.h"

namespace ingot {

/// Why a candidate was picked, for the build report.
struct Timing {
  std::string node, kernel;
  double seconds;
  bool picked;
};

class Tuner {
 public:
  /// `level` 0 times nothing; 1 to 5 spend more and more time on each candidate. `cache` may be shared by
  /// builds.
  Tuner(const Target& target, Device& device, const OptShapes& shapes, int level, TimingCache& cache);
  ~Tuner();

  /// The index of the candidate to use. The reference kernel at the end of the list is picked only when it is
  /// alone.
  Result<size_t> choose(const Node& node, const Offer& offer);
  const std::vector<Timing>& timings() const { return timings_; }

 private:
  struct Bench;
  Result<std::unique_ptr<Bench>> make_bench(const Node& node, const Candidate& candidate);
  Status place(Bench& bench, TensorArg& operand, const Tensor& values);
  Status run(Bench& bench, void* scratch);
  Result<double> time_once(Bench& bench, void* scratch);
  Status record(Bench& bench, void* scratch);
  Status time_all(const Node& node, const Offer& offer, const std::vector<size_t>& which,
                  std::vector<double>& seconds);
  std::string key(const Node& node, const Candidate& candidate) const;

  const Target& target_;
  Device& device_;
  const OptShapes& shapes_;
  int level_;
  TimingCache& cache_;
  std::unique_ptr<Stream> stream_;
  std::vector<Timing> timings_;
};

}  // namespace ingot
