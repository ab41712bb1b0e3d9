// Timed runs of an engine: one context and one thread for each stream.
#pragma once

#include <optional>

#include "feeds.h"
#include "options.h"

namespace ingot::trtexec {

/// All in milliseconds: moments since the streams started, and what the device did meanwhile.
struct Query {
  double start = 0, enqueued = 0, end = 0;
  double upload = 0, compute = 0, download = 0;
  /// With the copies or without them, as the version has it.
  double latency(bool transfers) const { return compute + (transfers ? upload + download : 0); }
};

struct Timing {
  std::vector<Query> queries;  // all streams' in the order of their starts, without those of the warm-up
  size_t warm_up_queries = 0;
  double warm_up_ms = 0;
  double seconds = 0;     // from the first query's start to the last one's end
  bool transfers = true;  // count as latency
};

/// One layer's times, summed over the runs that profiled it, in ms.
struct LayerProfile {
  std::string name;
  std::vector<double> ms;
};

class Inference {
 public:
  /// Creates the contexts and their inputs, says so in the log. Throws Error.
  Inference(const Engine& engine, const Options& options);

  Timing run();
  std::vector<LayerProfile> profile_layers();
  const Engine& engine() const { return engine_; }
  const cli::Feeds& inputs() const { return feeds_; }
  /// Of the last run.
  TensorRef output(const std::string& name) const { return cli::take(contexts_.front().output(name)); }

 private:
  void stream(size_t index, double origin, std::vector<Query>& queries);

  const Engine& engine_;
  const Options& options_;
  cli::Feeds feeds_;  // shared by all streams, which only read them
  std::vector<Context> contexts_;
  std::vector<cli::Array> outputs_;  // of all contexts, in memory of the host
};

}  // namespace ingot::trtexec
