#include "runtime/memory_plan.h"

#include <algorithm>

namespace ingot {
namespace {

constexpr size_t kAlignment = 64;

struct Life {
  int begin = -1, end = -1;  // steps: written first, used last
  size_t size = 0;
  bool arena = false;  // its bytes lie in the arena
};

size_t root_of(const Plan& plan, TensorId t) {
  while (plan.tensors[static_cast<size_t>(t)].alias_of != kNoTensor)
    t = plan.tensors[static_cast<size_t>(t)].alias_of;
  return static_cast<size_t>(t);
}

std::vector<Life> lifetimes(const Plan& plan, const std::vector<size_t>& sizes) {
  std::vector<Life> lives(plan.tensors.size());
  auto touch = [&](TensorId t, int step) {
    if (t == kNoTensor) return;
    Life& life = lives[root_of(plan, t)];
    if (life.begin < 0) life.begin = step;
    life.end = std::max(life.end, step);
  };
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    for (TensorId t : plan.steps[s].outputs) touch(t, static_cast<int>(s));
    for (TensorId t : plan.steps[s].inputs) touch(t, static_cast<int>(s));
  }
  for (size_t t = 0; t < lives.size(); ++t) {
    const PlanTensor& tensor = plan.tensors[t];
    lives[t].size = sizes[t];
    lives[t].arena = tensor.weight < 0 && tensor.contents.empty() && tensor.alias_of == kNoTensor &&
                     lives[t].begin >= 0 && sizes[t] != MemoryPlan::kNoOffset;
  }
  auto external = [&](TensorId t) { lives[root_of(plan, t)].arena = false; };
  for (TensorId t : plan.inputs) external(t);
  for (TensorId t : plan.outputs) external(t);
  return lives;
}

// owner[t]: the tensor whose memory t uses, itself unless it was merged into a dying input.
std::vector<size_t> merge_in_place(const Plan& plan, std::vector<Life>& lives) {
  std::vector<size_t> owner(lives.size());
  for (size_t t = 0; t < owner.size(); ++t) owner[t] = t;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const PlanStep& step = plan.steps[s];
    if (step.outputs.empty() || step.outputs[0] == kNoTensor) continue;
    const auto out = static_cast<size_t>(step.outputs[0]);
    if (!lives[out].arena || lives[out].begin != static_cast<int>(s)) continue;
    for (int32_t i : step.inplace) {
      const TensorId in = step.inputs[static_cast<size_t>(i)];
      if (in == kNoTensor || plan.tensors[static_cast<size_t>(in)].alias_of != kNoTensor) continue;
      const size_t from = owner[static_cast<size_t>(in)];
      if (!lives[from].arena || lives[from].end != static_cast<int>(s) || lives[from].size < lives[out].size)
        continue;
      // Another operand of the step that lies in the same memory would be overwritten while it is read.
      const auto same = std::count_if(step.inputs.begin(), step.inputs.end(), [&](TensorId t) {
        return t != kNoTensor && owner[root_of(plan, t)] == from;
      });
      if (same != 1) continue;
      owner[out] = from;
      lives[from].end = lives[out].end;
      lives[out].arena = false;
      break;
    }
  }
  return owner;
}

}  // namespace

MemoryPlan plan_memory(const Plan& plan, const std::vector<size_t>& sizes, size_t guard_bytes) {
  std::vector<Life> lives = lifetimes(plan, sizes);
  const std::vector<size_t> owner = merge_in_place(plan, lives);
  std::vector<size_t> order;
  for (size_t t = 0; t < lives.size(); ++t)
    if (lives[t].arena) order.push_back(t);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lives[a].size > lives[b].size; });

  MemoryPlan out;
  out.offsets.assign(lives.size(), MemoryPlan::kNoOffset);
  std::vector<size_t> placed;  // sorted by offset
  auto padded = [&](size_t t) {
    return (lives[t].size + 2 * guard_bytes + kAlignment - 1) / kAlignment * kAlignment;
  };
  for (size_t t : order) {
    size_t at = 0;
    for (size_t other : placed) {
      if (lives[other].end < lives[t].begin || lives[t].end < lives[other].begin) continue;
      if (out.offsets[other] >= at + padded(t)) break;
      at = std::max(at, out.offsets[other] + padded(other));
    }
    out.offsets[t] = at;
    placed.insert(std::upper_bound(placed.begin(), placed.end(), t,
                                   [&](size_t a, size_t b) { return out.offsets[a] < out.offsets[b]; }),
                  t);
    out.arena_bytes = std::max(out.arena_bytes, at + padded(t));
  }
  for (size_t& offset : out.offsets)
    if (offset != MemoryPlan::kNoOffset) offset += guard_bytes;
  for (size_t t = 0; t < owner.size(); ++t)
    if (owner[t] != t) out.offsets[t] = out.offsets[owner[t]];
  return out;
}

}  // namespace ingot
