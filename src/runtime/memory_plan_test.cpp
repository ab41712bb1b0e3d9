// The memory plan: tensors that live at once never overlap, those that do not share memory, and in-place
// steps take over.
#include "runtime/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace ingot {
namespace {

struct Builder {
  Plan plan;
  TensorId tensor(TensorId alias = kNoTensor) {
    PlanTensor t;
    t.name = "t" + std::to_string(plan.tensors.size());
    t.type = {DataType::kF32, {4}, true};
    t.alias_of = alias;
    plan.tensors.push_back(t);
    return static_cast<TensorId>(plan.tensors.size() - 1);
  }
  void step(std::vector<TensorId> in, std::vector<TensorId> out, std::vector<int32_t> inplace = {}) {
    PlanStep s;
    s.inputs = std::move(in);
    s.outputs = std::move(out);
    s.inplace = std::move(inplace);
    plan.steps.push_back(s);
  }
};

TEST(MemoryPlan, AChainOfStepsNeedsTwoBuffers) {
  Builder b;
  TensorId last = b.tensor();
  b.plan.inputs = {last};
  for (int i = 0; i < 6; ++i) {
    const TensorId next = b.tensor();
    b.step({last}, {next});
    last = next;
  }
  b.plan.outputs = {last};
  const MemoryPlan m = plan_memory(b.plan, std::vector<size_t>(b.plan.tensors.size(), 1000));
  EXPECT_EQ(m.arena_bytes, 2 * 1024u);
  EXPECT_EQ(m.offsets[0], MemoryPlan::kNoOffset) << "inputs are the caller's";
  EXPECT_EQ(m.offsets.back(), MemoryPlan::kNoOffset) << "outputs, too";
}

TEST(MemoryPlan, InPlaceStepsTakeOverDyingInputsOnly) {
  Builder b;
  const TensorId x = b.tensor(), a = b.tensor(), c = b.tensor(), d = b.tensor(), y = b.tensor();
  b.plan.inputs = {x};
  b.step({x}, {a});
  b.step({a}, {c}, {0});     // a is read again below: c needs memory of its own
  b.step({a, c}, {d}, {1});  // c dies here: d takes it over
  b.step({d}, {y});
  b.plan.outputs = {y};
  const MemoryPlan m = plan_memory(b.plan, std::vector<size_t>(5, 64));
  EXPECT_NE(m.offsets[static_cast<size_t>(c)], m.offsets[static_cast<size_t>(a)]);
  EXPECT_EQ(m.offsets[static_cast<size_t>(d)], m.offsets[static_cast<size_t>(c)]);
}

TEST(MemoryPlan, AViewKeepsItsTensorAlive) {
  Builder b;
  const TensorId x = b.tensor(), a = b.tensor(), view = b.tensor(a), c = b.tensor(), y = b.tensor();
  b.plan.inputs = {x};
  b.step({x}, {a});
  b.step({x}, {c});
  b.step({view, c}, {y});
  b.plan.outputs = {y};
  const MemoryPlan m = plan_memory(b.plan, std::vector<size_t>(5, 64));
  EXPECT_NE(m.offsets[static_cast<size_t>(a)], m.offsets[static_cast<size_t>(c)]);
}

// Random plans: no two tensors that live at the same time overlap, guard zones included.
TEST(MemoryPlan, LivingTensorsNeverOverlap) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    Builder b;
    b.plan.inputs = {b.tensor()};
    std::vector<TensorId> made = b.plan.inputs;
    const int steps = 2 + static_cast<int>(random() % 20);
    for (int s = 0; s < steps; ++s) {
      const TensorId in0 = made[random() % made.size()], in1 = made[random() % made.size()];
      const TensorId out = b.tensor();
      b.step({in0, in1}, {out}, random() % 2 ? std::vector<int32_t>{0, 1} : std::vector<int32_t>{});
      made.push_back(out);
    }
    b.plan.outputs = {made.back()};
    std::vector<size_t> sizes;
    for (size_t t = 0; t < b.plan.tensors.size(); ++t) sizes.push_back(1 + random() % 5000);
    const size_t guard = round % 2 ? 128 : 0;
    const MemoryPlan m = plan_memory(b.plan, sizes, guard);
    // Simulate: each byte range remembers who wrote it last; a reader has to find its own.
    std::vector<int> owner(m.arena_bytes, -1);
    auto mark = [&](TensorId t) {
      const size_t at = m.offsets[static_cast<size_t>(t)];
      if (at == MemoryPlan::kNoOffset) return;
      ASSERT_LE(at + sizes[static_cast<size_t>(t)] + guard, m.arena_bytes);
      for (size_t i = 0; i < sizes[static_cast<size_t>(t)]; ++i) owner[at + i] = t;
    };
    auto check = [&](TensorId t) {
      const size_t at = m.offsets[static_cast<size_t>(t)];
      if (at == MemoryPlan::kNoOffset) return;
      for (size_t i = 0; i < sizes[static_cast<size_t>(t)]; ++i)
        ASSERT_EQ(owner[at + i], t) << "round " << round;
    };
    for (const PlanStep& s : b.plan.steps) {
      for (TensorId t : s.inputs) check(t);
      for (TensorId t : s.outputs) mark(t);
    }
  }
}

}  // namespace
}  // namespace ingot
