// Executor: one plan made executable for one context: kernels, concrete shapes, memory, the run loop.
#pragma once

#include <array>
#include <functional>
#include <map>

#include "engine/engine_file.h"
#include "runtime/device.h"
#include "runtime/memory_plan.h"

namespace ingot {

/// Time of one step, added over the profiled runs.
struct StepTime {
  double seconds = 0;
  int64_t runs = 0;
};

struct ExecutorOptions {
  size_t guard_bytes = 0;  // unused bytes around each buffer, filled with a pattern that tests check
  // Where memory comes from; empty: from the device.
  std::function<Result<std::unique_ptr<Buffer>>(size_t bytes)> allocate;
};

/// Not thread-safe: a context runs one thing at a time.
///
/// Sizes that only a run can tell make some steps "late": their shapes are worked out as the run reaches
/// them, and their results live in buffers of their own that keep their size from run to run.
class Executor {
 public:
  static Result<std::unique_ptr<Executor>> create(std::shared_ptr<const EngineImage> engine, const Plan& plan,
                                                  Device& device, Stream& stream,
                                                  const ExecutorOptions& options = {});
  ~Executor();

  /// Fixes the inputs' dims: checks rank and symbols, prepares kernels, plans and allocates memory. Dims that
  /// are already set cost a comparison. `outer` binds symbols that a subplan takes from outside.
  Status resize(std::span<const Dims> inputs, const SymbolValues& outer = {});
  /// Where the data lies, in memory of the host or of the device; inputs must be set before a run. What the
  /// device cannot reach is copied as part of the run. An output without memory of its own gets some from the
  /// executor.
  void set_input(size_t i, const void* data);
  void set_output(size_t i, void* data);
  /// Where tensors between the steps lie from the next resize on; null: in memory of the executor's own. A
  /// resize that needs more than there is fails.
  void set_arena(std::unique_ptr<Buffer> memory);
  /// Puts the run's work on the stream; on a device with work of its own it returns before that is done.
  /// Without `copies`, inputs and outputs that lie in the host's memory stay where they are: the run computes
  /// on what was there before, and its results stay on the device.
  Status enqueue(bool copies = true);
  /// Returns when the outputs are there.
  Status run();
  /// Valid after `resize` where the dims are known before a run, after `run` otherwise. The data lies on the
  /// device.
  const TensorArg& output(size_t i) const;
  /// Output `i` of the last run in memory of the host, valid until the next run.
  Result<TensorView> result(size_t i);
  const TensorArg& input(size_t i) const;
  bool output_dims_known(size_t i) const;

  const Plan& plan() const { return plan_; }
  const TensorArg& tensor(TensorId t) const;
  /// Bytes of arena and scratch for these input dims, before anything is allocated.
  Result<size_t> memory_bytes(std::span<const Dims> inputs) const;
  size_t arena_bytes() const;
  /// Kernels that a recorded run launches; zero when none was recorded.
  size_t recorded_kernels() const;
  void set_profiling(bool on);
  /// Notes when the parts of a run begin and end; not while profiling.
  void set_timing(bool on);
  /// Seconds of the last run's parts: copies from the host, the steps, copies to the host. Waits for it.
  Result<std::array<double, 3>> run_seconds() const;
  const std::vector<StepTime>& step_times() const;
  /// True when no kernel wrote outside its buffers; only with guard_bytes.
  bool guards_intact() const;

 private:
  struct Impl;
  Executor(std::unique_ptr<Impl> impl, const Plan& plan);
  std::unique_ptr<Impl> impl_;
  const Plan& plan_;
};

}  // namespace ingot
