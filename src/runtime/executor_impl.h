// The executor's inside, shared by its files: executor.cpp (making one, what it answers), executor_sizes.cpp
// (shapes and memory) and executor_run.cpp (the run loop).
#pragma once

#include "runtime/executor.h"

namespace ingot {

struct Executor::Impl final : StepHost {
  static constexpr std::byte kGuard{0xA5};  // what guard_bytes are filled with

  // A tensor as the runs see it.
  struct Slot {
    TensorArg arg;
    bool early = false;            // dims known before the run
    int64_t alias_bytes = 0;       // offset within the tensor that it lies in
    std::unique_ptr<Buffer> own;   // late results, outputs without memory from the caller, inputs of subplans
    bool external = false;         // data set by the caller
    const void* source = nullptr;  // of an input: the caller's data that the device cannot reach
    void* destination = nullptr;   // of an output: likewise
    Tensor on_host;                // of an output: what `result` gave
    std::vector<int64_t> sizes;    // that it holds and that follow from symbols, on the way to its own memory
  };

  struct Step {
    std::unique_ptr<Kernel> kernel;
    std::vector<const TensorArg*> inputs, outputs;
    bool late = false;
    std::vector<Dims> sized_for;  // dims of the operands at the last kernel resize
  };

  std::shared_ptr<const EngineImage> engine;
  const Plan& plan;
  Device& device;
  Stream& stream;
  ExecutorOptions options;

  std::vector<Slot> slots;
  std::vector<Step> steps;
  std::vector<std::unique_ptr<Executor>> bodies;  // for each subplan
  std::vector<Dims> current_inputs;
  bool sized = false;
  SymbolValues outer;        // from outside, for bodies
  SymbolValues symbols;      // bound by the inputs
  SymbolValues run_symbols;  // and by the run so far
  bool has_late = false;
  MemoryPlan memory;
  std::unique_ptr<Buffer> arena, scratch;
  bool arena_is_given = false;
  std::unique_ptr<Recording> recording;   // of all steps, with these pointers for inputs and outputs:
  std::vector<const void*> recorded_for;  // those of the last run while there is no recording
  bool profiling = false, timing = false, timed = false;
  std::vector<StepTime> times;
  size_t current = 0;  // the step that runs
  TensorArg absent;

  Impl(std::shared_ptr<const EngineImage> e, const Plan& p, Device& d, Stream& s, const ExecutorOptions& o)
      : engine(std::move(e)), plan(p), device(d), stream(s), options(o) {}

  Slot& slot(TensorId t) { return slots[static_cast<size_t>(t)]; }
  const PlanTensor& info(TensorId t) const { return plan.tensors[static_cast<size_t>(t)]; }

  Status init();
  Status size_tensors(const SymbolValues& values);
  Status size_kernel(Step& step, const PlanStep& info);
  Status allocate_memory();
  void place_early();
  Status place_late(TensorId t);
  Status prepare_late(Step& step, const PlanStep& info);
  Status learn_outputs(const PlanStep& info);
  Result<bool> write_contents(size_t t, const SymbolValues& values);
  Status grow(std::unique_ptr<Buffer>& buffer, size_t bytes);
  Status grow(TensorId t, size_t bytes);  // memory of its own
  Status grow_scratch(size_t bytes, const PlanStep& step);
  std::vector<size_t> sizes(const std::vector<Slot>& of) const;
  Status run_step(size_t i);
  Status run_steps();
  Status run_profiled();
  Status run_recorded();
  bool can_record() const;
  Status copy_in(bool copies);
  Status copy_out();

  Result<void*> allocate_output(size_t i, DataType dtype, const Dims& dims) override;
  Status run_subplan(std::string_view name, std::span<const TensorView> inputs,
                     std::vector<Tensor>& outputs) override;
  Result<TensorType> subplan_output_type(std::string_view name, size_t i) override;
  Result<Executor*> body_of_step(std::string_view name);
};

}  // namespace ingot
