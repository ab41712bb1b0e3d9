// Lifetime packing: which intermediates share which bytes of the arena.
#pragma once

#include "engine/plan.h"

namespace ingot {

/// For each tensor of the plan: where its bytes lie. Only tensors that own arena memory (or share it in
/// place) have an offset; inputs, outputs, constants, views and tensors of unknown size have kNoOffset.
struct MemoryPlan {
  static constexpr size_t kNoOffset = ~size_t{0};
  std::vector<size_t> offsets;
  size_t arena_bytes = 0;
};

/// `sizes[t]` is the size in bytes of tensor t, or MemoryPlan::kNoOffset where it is not known before a run.
/// Greedy by size over the tensors' lifetimes; a step's output takes over a dying input's memory where the
/// step allows it. `guard_bytes` leaves that many unused bytes around every buffer (for tests).
MemoryPlan plan_memory(const Plan& plan, const std::vector<size_t>& sizes, size_t guard_bytes = 0);

}  // namespace ingot
