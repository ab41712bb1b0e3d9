// The tuner: times the candidates of a node on the device, at the profile's opt shapes and in their real
// layouts.
#pragma once

#include <tuple>

#include "runtime/device.h"
#include "target/target.h"
#include "tune/timing_cache.h"

namespace ingot {

/// The candidate to use, and what it was compared with.
struct Choice {
  size_t index = 0;
  std::vector<KernelTime> timed;
};
/// Where times came from.
struct TuningStats {
  int64_t measured = 0, cached = 0;
  int64_t without_memory = 0;  // nodes that were not timed, since the device's memory did not suffice
  double seconds = 0;          // spent measuring
};

class Tuner {
 public:
  /// `level` 0 times nothing; 1 to 5 spend more and more time on each candidate. `cache` may be shared by
  /// builds. `constant_bytes` are those of the whole network: where they are many, each layer finds its own
  /// in memory, not in a cache, and is timed that way.
  Tuner(const Target& target, Device& device, const OptShapes& shapes, int level, TimingCache& cache,
        size_t constant_bytes);
  ~Tuner();

  /// `choose` will be asked for this node: the device may make the code of what it will time meanwhile.
  void prepare(const Node& node, const Offer& offer);
  /// The reference kernel at the end of the list is picked only when it is alone. Errors: of a device that is
  /// lost.
  Result<Choice> choose(const Node& node, const Offer& offer);
  const TuningStats& stats() const { return stats_; }

 private:
  struct Bench;
  using PackedForms = std::map<std::pair<size_t, std::string>, Tensor>;  // by input and packing
  using Operands = std::map<std::tuple<size_t, const void*, size_t>, std::unique_ptr<Buffer>>;
  Result<std::unique_ptr<Bench>> make_bench(const Node& node, const Candidate& candidate, PackedForms& packed,
                                            Operands& operands);
  Result<void*> place(Operands& operands, size_t i, const Tensor& values, const void* source);
  Result<void*> place_noise(Operands& operands, size_t i, const TensorArg& operand);
  Status run(Bench& bench, void* scratch);
  void set_caches(const Bench& bench);
  Result<double> time_once(Bench& bench, void* scratch);
  Status record(Bench& bench, void* scratch);
  Result<std::vector<double>> measure(const Node& node, const Offer& offer);
  Status check_device();
  Status time_missing(const Node& node, const Offer& offer, const std::vector<std::string>& keys);
  std::string key(const Node& node, const Candidate& candidate) const;
  std::vector<std::string> keys(const Node& node, const Offer& offer) const;
  bool knows(const std::vector<std::string>& keys) const;
  size_t best(const Offer& offer, const std::vector<std::string>& keys) const;

  const Target& target_;
  Device& device_;
  const OptShapes& shapes_;
  int level_;
  TimingCache& cache_;
  bool cold_;  // constants are not in a cache
  std::unique_ptr<Stream> stream_;
  TuningStats stats_;
};

}  // namespace ingot
