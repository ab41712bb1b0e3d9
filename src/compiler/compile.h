// The driver of a build: passes, one plan per profile, the engine image.
#pragma once

#include "compiler/lower.h"

namespace ingot {

class Device;  // only handed on, to the tuner

/// Bounds for one profile by input name; inputs that are missing are fixed or unbounded.
using CompileProfile = std::map<std::string, ProfileInput>;

struct CompileOptions {
  int level = 3;
  std::string timing_cache;
  std::vector<CompileProfile> profiles;
  std::vector<std::string> disable_passes, dump_before, dump_after;
  std::string dump_dir, stop_after;
  DataType floats = DataType::kF32;  // what float32 becomes inside the network
  bool quantized = true;             // layers between quantizers compute on quantized elements
  bool refittable = false;           // the graph is stored as it was before it was optimized
  Attrs meta;                        // of the build, to be noted in the engine
  std::map<std::string, std::string> metadata;
  const std::vector<Plan>* like = nullptr;  // plans of the same network, whose kernels are taken over
  std::function<void(std::string_view phase, double done, double total)> progress;
  std::function<bool()> cancelled;  // true: the build ends with kCancelled
};

/// How a build went, for its report and warnings; no part of the engine, which is the same however long it
/// took.
struct CompileStats {
  std::vector<std::string> notes;  // what the user should know of the network
  double optimize_seconds = 0, plan_seconds = 0;
  TuningStats tuning;  // within plan_seconds
};

/// Optimizes `graph` in place and makes the engine. `stats` may be null.
Result<std::shared_ptr<EngineImage>> compile(Graph& graph, const Target& target, Device& device,
                                             const CompileOptions& options, CompileStats* stats = nullptr);

/// One more plan from the graph that an engine stores, for a machine that none of its plans fits. `weights`:
/// what graph_weights gives.
Result<std::shared_ptr<EngineImage>> replan(const EngineImage& engine, const std::vector<Tensor>& weights,
                                            const Target& target, Device& device,
                                            const CompileOptions& options);

/// The engine with other constants in the network that it was built from (`source`, by source_graph), by
/// name: the same kernels wherever the network's form stayed the same. Errors: kInvalidArgument for a name or
/// type that does not fit.
Result<std::shared_ptr<EngineImage>> refit(const EngineImage& engine, Graph& source, const Target& target,
                                           Device& device, const std::map<std::string, Tensor>& constants);
/// The network that an engine was built from. Errors: kFailedPrecondition for an engine that does not keep
/// it.
Result<std::unique_ptr<Graph>> source_graph(const EngineImage& engine, const std::vector<Tensor>& weights);

std::vector<CompileProfile> profiles_of(const EngineImage& engine);

/// Symbols at the profile's opt dims; what is unbounded counts 1 for a leading dim of an input, else
/// OptShapes::kUnknownSize, or more where some tensor had no elements then.
Result<SymbolValues> opt_symbols(const Graph& graph, const CompileProfile& profile);

}  // namespace ingot
