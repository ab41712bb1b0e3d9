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
  std::function<void(std::string_view phase, double done, double total)> progress;
};

/// How a build went, for its report; no part of the engine, which is the same however long it took.
struct CompileStats {
  double optimize_seconds = 0, plan_seconds = 0;
  TuningStats tuning;  // within plan_seconds
};

/// Optimizes `graph` in place and makes the engine. `stats` may be null.
Result<std::shared_ptr<EngineImage>> compile(Graph& graph, const Target& target, Device& device,
                                             const CompileOptions& options, CompileStats* stats = nullptr);

/// One more plan from the graph that an engine stores, for a machine that none of its plans fits.
Result<std::shared_ptr<EngineImage>> replan(const EngineImage& engine, const Target& target, Device& device,
                                            const CompileOptions& options);

/// Symbols at the profile's opt dims; what is unbounded counts 1 for a leading dim of an input,
/// OptShapes::kUnknownSize else.
Result<SymbolValues> opt_symbols(const Graph& graph, const CompileProfile& profile);

}  // namespace ingot
