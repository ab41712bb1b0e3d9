// Scales for a network that has none, before it is built; only in libingot.
#pragma once

#include "ingot/engine.h"
#include "ir/graph.h"

namespace ingot {

/// Puts quantizers into `graph`; what was without effect is noted. Errors: those of runs on the samples;
/// kCorrupt for a cache; kFailedPrecondition where there are neither samples nor a cache.
Status calibrate(Graph& graph, const Calibration& calibration, std::vector<std::string>& notes);

}  // namespace ingot
