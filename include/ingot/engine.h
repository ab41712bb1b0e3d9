// Build an engine from a network, save and load it, run it in contexts.
//
//   auto engine = ingot::build("model.onnx");           // Result<Engine>
//   auto context = engine->context();                   // Result<Context>
//   context->set_input("x", {DataType::kF32, {1, 3, 224, 224}, pixels});
//   context->run();
//   auto y = context->output("y");                      // Result<TensorRef>
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingot/export.h"
#include "ingot/status.h"
#include "ingot/tensor.h"

namespace ingot {

using Dims = std::vector<int64_t>;

/// Bounds of one input's dims: kernels are chosen at `opt`, memory is planned at `max`. Runs outside [min,
/// max] are refused.
struct ShapeRange {
  Dims min, opt, max;
};
/// Ranges for the inputs whose dims are not fixed, by input name.
using Profile = std::map<std::string, ShapeRange>;

/// Reported while an engine is built.
struct BuildProgress {
  std::string phase;           ///< "import", "optimize", "tune", "write"
  double done = 0, total = 0;  ///< steps within the phase
  double seconds_left = -1;    ///< an estimate for the whole build; negative: none yet
};

/// Samples from which the scales of 8-bit integers are chosen, for models without quantizers.
struct Calibration {
  /// Gives data, in memory of the host, for all inputs; false: there are no more samples. Called on the
  /// building thread; the data is read before the next call.
  std::function<bool(std::map<std::string, TensorRef>& inputs)> next;
  enum Method { kEntropy, kMinMax } method = kEntropy;
  /// The ranges found, as text (JSON), to be kept and given back: where there is such a text, `next` is not
  /// asked. May be empty.
  std::function<std::string()> read_cache;
  std::function<void(const std::string& text)> write_cache;
};

struct BuildOptions {
  std::string device = "cpu";          ///< or "cuda": the machine's first GPU
  int threads = 0;                     ///< that the engine is tuned for; 0: the machine's cores
  std::map<std::string, Dims> shapes;  ///< fixes dims of inputs that the model leaves open
  std::vector<Profile>
      profiles;  ///< optimization profiles, first match wins; empty: open dims have no bounds
  /// Floats become float16 or bfloat16 inside the network, with sums, statistics and softmax in float32;
  /// inputs and outputs keep their types. For GPUs.
  bool fp16 = false, bf16 = false;
  /// Layers between QuantizeLinear and DequantizeLinear compute on 8-bit integers or FP8 (E4M3). On GPUs they
  /// do so in any case; a warning tells where there is no such layer. On the CPU they run on the reference
  /// kernel, and compute in floats unless one of these is set.
  bool int8 = false, fp8 = false;
  std::shared_ptr<const Calibration> calibration;  ///< with int8: what quantizes a model without quantizers
  /// On GPUs, products of float32 may round their operands to TF32; never with NVIDIA_TF32_OVERRIDE=0 in the
  /// environment.
  bool tf32 = true;
  /// Keeps the network in the engine as it was before optimization, for Engine::refit. The file grows by the
  /// weights that optimization changed.
  bool refittable = false;
  std::map<std::string, std::string> metadata;  ///< kept with the engine for programs: Engine::metadata
  /// Time for a layer's candidates together: 0: nothing is timed, heuristics choose; 1 to 5: 10 ms, 20 ms,
  /// 50 ms, 0.2 s, 1 s, and 2, 3, 5, 10, 30 runs of each at most.
  int level = 3;
  std::string timing_cache;                 ///< file that keeps timings between builds; empty: none
  std::vector<std::string> disable_passes;  ///< by name; "all" leaves the graph as imported
  std::vector<std::string> dump_before,
      dump_after;  ///< passes around which the graph's text goes to dump_dir
  std::string dump_dir = ".";
  std::string stop_after;                              ///< the last pass to run; empty: all
  std::function<void(const BuildProgress&)> progress;  ///< called on the building thread
  /// Asked on the building thread after import, after optimization and before each layer's kernels are
  /// chosen: true ends the build with kCancelled, and no file is written.
  std::function<bool()> cancelled;
};

class Context;
class Network;

struct ContextOptions {
  int threads = 0;  ///< 0: as many as the engine was tuned for
  /// Where the context gets its memory, at first and as shapes grow: memory of the host, or of the GPU that
  /// the engine runs on, aligned to 256 bytes; null is kOutOfMemory. Both or none.
  std::function<void*(size_t bytes)> allocate;
  std::function<void(void* memory)> free;
};

struct LoadOptions {
  std::string device;  ///< where the engine is to run; empty: on what it was built for, if that is there
};

/// An optimized network: immutable, cheap to copy (copies share), safe to use from any thread.
class INGOT_API Engine {
 public:
  /// Inputs and outputs in the model's order.
  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

  /// Writes one file; what stood at `path` survives a failure. Errors: kIoError.
  Status save(const std::string& path) const;
  /// Reads all weights and compares their checksums, which `load` leaves out: it costs a pass over the file.
  /// Errors: kCorrupt.
  Status check_weights() const;
  /// The bytes that `save` would write.
  std::vector<std::byte> serialize() const;

  const std::map<std::string, std::string>& metadata() const;

  /// The constants of the network that a refittable engine was built from: what `refit` takes. Errors:
  /// kFailedPrecondition for other engines; kUnsupported from the run-only library.
  Result<std::vector<TensorInfo>> weights() const;
  /// An engine with these weights, in memory of the host or of the engine's GPU, in place of those of the
  /// same names; the others stay. It has the same kernels, and what they have packed or passes have folded is
  /// made anew; nothing is timed. Errors: as `weights`; kInvalidArgument for a name, type or dims that the
  /// network does not have.
  Result<Engine> refit(const std::map<std::string, TensorRef>& weights) const;

  /// A context to run the engine with `threads` threads (0: as many as it was tuned for). Errors:
  /// kOutOfMemory.
  Result<Context> context(int threads = 0) const;
  Result<Context> context(const ContextOptions& options) const;
  /// "cpu" or "cuda": where it runs.
  std::string device() const;

  /// What was built and why, as JSON: layers before and after fusion, kernels and their alternatives, memory,
  /// times, nodes that run on the reference kernel.
  std::string report_json() const;
  /// The kernels considered for a layer of the optimized graph, best first, with the times that the tuner
  /// measured, and those that were not considered, with the reason: text for people. Errors: kNotFound when
  /// no layer has that name; kUnsupported from the run-only library.
  Result<std::string> why(const std::string& layer) const;
  /// The same as JSON.
  Result<std::string> why_json(const std::string& layer) const;
  /// The optimized graph in IR text.
  std::string graph_text() const;
  /// Messages of the build or the load that a user should see (a plan made anew for this machine, say).
  const std::vector<std::string>& warnings() const;

  struct Impl;
  explicit Engine(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// Builds from an ONNX file (external data beside it is found). Errors: kNotFound, kIoError, kCorrupt,
/// kUnsupported with the whole list of what is not understood, kInvalidArgument for options.
INGOT_API Result<Engine> build(const std::string& onnx_path, const BuildOptions& options = {});
/// Builds from ONNX bytes; `base_dir` is where external data lies.
INGOT_API Result<Engine> build_bytes(const void* data, size_t size, const std::string& base_dir = "",
                                     const BuildOptions& options = {});
/// Builds from a network made through the API. The network is not changed.
INGOT_API Result<Engine> build(const Network& network, const BuildOptions& options = {});
/// Maps an engine file; weights are read when a run needs them (Engine::check_weights). Where none of its
/// plans fits this machine, a plan is made from the stored graph (and a warning says so); the run-only
/// library gives kUnsupported instead. Errors: kNotFound, kIoError, kCorrupt, kUnsupported.
INGOT_API Result<Engine> load(const std::string& path, const LoadOptions& options = {});
/// The same from bytes, which are copied and checked to the last.
INGOT_API Result<Engine> load_bytes(const void* data, size_t size, const LoadOptions& options = {});

/// Time of one step of the engine, summed over the profiled runs.
struct LayerTime {
  std::string name, op, kernel;
  double seconds = 0;
  int64_t runs = 0;
  double flops = 0, bytes = 0;  ///< of one run at the opt shapes
};

/// Where the time of a run went, by the device's own clock. On the CPU nothing is copied.
struct RunTimes {
  double upload = 0, compute = 0, download = 0;  ///< seconds
};

/// Memory and threads for one stream of runs. Movable. Use from one thread at a time: a call made while
/// another thread runs the context is refused with kFailedPrecondition. Contexts of one engine run side by
/// side.
class INGOT_API Context {
 public:
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  ~Context();

  /// Dims of one input; memory is planned when all inputs have theirs. Errors: kInvalidArgument for dims that
  /// do not fit the model or any profile.
  Status set_input_shape(const std::string& name, const Dims& dims);
  /// Dims and data of one input, in memory of the host or of the engine's GPU. The data is read during `run`
  /// and must stay valid until it returns.
  Status set_input(const std::string& name, const TensorRef& tensor);
  /// Memory for an output of known size: results are written there without a copy. Null: the context's own
  /// memory.
  Status set_output(const std::string& name, void* data, size_t bytes);
  /// Runs the network and returns when the outputs are there.
  Status run();
  /// Puts a run on the context's stream. On a GPU it returns before the work is done; inputs and outputs in
  /// the GPU's memory are used in place and must stay as they are until `synchronize`.
  Status enqueue();
  /// A stream of the program's for all that follows, as CUDA's driver and runtime know it (CUstream,
  /// cudaStream_t; 1 is the legacy default stream, 2 that of the thread); null: the context's own again. What
  /// was enqueued before comes first. The stream must live as long as work goes there; what the program
  /// records on it into a CUDA graph is recorded step by step, and ordered by whoever launches the graph.
  /// Errors: kUnsupported for engines on the CPU, whose work is done when the call returns.
  Status set_stream(void* stream);
  /// What is enqueued after this waits for an event (CUevent, cudaEvent_t) of the program's.
  Status wait_for(void* event);
  /// The event happens once all that was enqueued is done: inputs may change then.
  Status record(void* event);
  /// Waits for all that was enqueued.
  Status synchronize();
  /// Runs `runs` times, one after another, and gives the seconds from the first to the last by the device's
  /// own clock.
  Result<double> measure(int runs);
  /// Kernels that one run launches on a GPU, once it is replayed as a CUDA graph; zero otherwise.
  size_t kernels_launched() const;
  /// Valid until the next run or shape change.
  Result<TensorRef> output(const std::string& name) const;
  /// Copies an output of the last run into the program's memory, of the host or the GPU, which is asked for
  /// when the dims are known; null is kOutOfMemory. On a GPU the copy is enqueued.
  Status copy_output(const std::string& name,
                     const std::function<void*(const Dims& dims, size_t bytes)>& memory);
  /// Where an output lies in the engine's device's memory, without waiting for the run that writes it: the
  /// memory given to set_output, or the context's own, valid until a run with other shapes.
  Result<TensorRef> device_output(const std::string& name) const;
  /// Dims of an output for the inputs' present dims, before a run. kFailedPrecondition where only a run can
  /// tell.
  Result<Dims> output_shape(const std::string& name);

  /// Bytes that tensors between the layers take with the present shapes (or would take: nothing needs to be
  /// allocated yet).
  Result<size_t> memory_bytes();
  /// Memory for those tensors, of the engine's device and aligned to 256 bytes, such as contexts share that
  /// never run at the same time; null: the context's own again. It must stay until the context is gone or has
  /// other memory, and hold `memory_bytes`: a run that needs more is kFailedPrecondition. Bodies of loops and
  /// branches, sizes that only a run can tell and kernels' scratch keep memory of their own. Errors:
  /// kInvalidArgument.
  Status set_memory(void* memory, size_t bytes);
  int threads() const;
  /// From here on, `run_times` tells of the last run, for which it waits. Not while profiling.
  void set_timing(bool on);
  Result<RunTimes> run_times() const;
  void set_profiling(bool on);
  std::vector<LayerTime> layer_times() const;

  struct Impl;
  explicit Context(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

/// "0.1.0"
INGOT_API const char* version();

}  // namespace ingot
