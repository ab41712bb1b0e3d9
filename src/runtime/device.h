// The run-side contract of a backend: memory, streams, and kernels made from plan steps.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "engine/plan.h"

namespace ingot {

/// One operand of a kernel with its concrete shape. `data` lies in the device's memory.
struct TensorArg {
  DataType dtype = DataType::kInvalid;  // kInvalid: an optional operand that is not given
  Layout layout = Layout::kPlain;
  int block = 1;  // channel block when blocked
  Dims dims;
  void* data = nullptr;

  bool given() const { return dtype != DataType::kInvalid; }
  size_t bytes() const { return byte_size(dtype, storage_elements(dims, layout, block)); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};

/// Memory of a device, freed with the object.
class Buffer {
 public:
  virtual ~Buffer() = default;
  virtual void* data() const = 0;
  virtual size_t size() const = 0;
};

/// Memory that the program allocated, and that `free`, where there is one, takes back.
class GivenBuffer final : public Buffer {
 public:
  GivenBuffer(void* data, size_t bytes, std::function<void(void*)> free = {})
      : data_(data), bytes_(bytes), free_(std::move(free)) {}
  ~GivenBuffer() override {
    if (free_) free_(data_);
  }
  void* data() const override { return data_; }
  size_t size() const override { return bytes_; }

 private:
  void* data_;
  size_t bytes_;
  std::function<void(void*)> free_;
};

/// Work of a stream that was recorded once and is replayed at little cost. Belongs to its stream.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual Status replay() = 0;
  virtual size_t kernels() const = 0;
};

/// An order of work on a device. One thread at a time uses a stream.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual Status synchronize() = 0;
  /// Copies between the host's memory and the device's, in the stream's order. The host's memory is free
  /// again when an upload returns; what is downloaded has arrived.
  virtual Status upload(void* to, const void* from, size_t bytes) = 0;
  virtual Status download(void* to, const void* from, size_t bytes) = 0;
  /// Copies between any of the memories that the device can reach, and the host's, in the stream's order.
  virtual Status copy(void* to, const void* from, size_t bytes) { return upload(to, from, bytes); }
  /// Notes, under a number, the moment at which all that was enqueued so far is done.
  virtual Status mark(size_t number) = 0;
  /// Seconds from one mark to a later one; waits for it.
  virtual Result<double> seconds_between(size_t from, size_t to) = 0;
  /// From here on work goes to a stream that the program made in the device's own interface (a CUstream),
  /// behind all that was enqueued before; null: to this object's own again.
  virtual Status follow(void* native);
  /// What is enqueued after this waits for an event of that interface; one is recorded behind all work so
  /// far.
  virtual Status wait_for(void* native_event);
  virtual Status record(void* native_event);
  /// All work of a run is enqueued: what comes on another stream waits for it.
  virtual Status hand_over() { return {}; }
  /// What kernels enqueue from here on is recorded and not run, until `end_recording`.
  virtual bool can_record() const { return false; }
  virtual Status begin_recording();
  virtual Result<std::unique_ptr<Recording>> end_recording();
};

/// A stream of a device that is the host: work is done when the call that asks for it returns.
class HostStream : public Stream {
 public:
  Status synchronize() override { return {}; }
  Status upload(void* to, const void* from, size_t bytes) override;
  Status download(void* to, const void* from, size_t bytes) override;
  Status mark(size_t number) override;
  Result<double> seconds_between(size_t from, size_t to) override;

 private:
  std::vector<double> marks_;
};

/// What a running kernel may ask of the executor that runs it.
class StepHost {
 public:
  virtual ~StepHost() = default;
  /// Memory for output `i`, whose size only the kernel could tell.
  virtual Result<void*> allocate_output(size_t i, DataType dtype, const Dims& dims) = 0;
  /// Runs the body held by attribute `name`; captured values are appended by the executor.
  virtual Status run_subplan(std::string_view name, std::span<const TensorView> inputs,
                             std::vector<Tensor>& outputs) = 0;
  /// The planned type of the body's output i, for a loop that never ran.
  virtual Result<TensorType> subplan_output_type(std::string_view name, size_t i) {
    return internal_error("no body '", name, "' here");
  }
};

/// One execution of a kernel. The operands are those of the step, in order; outputs that are not wanted are
/// not given.
struct Invocation {
  std::span<const TensorArg* const> inputs;
  std::span<const TensorArg* const> outputs;
  void* scratch = nullptr;  // scratch_bytes() bytes, aligned to 64, contents undefined
  Stream& stream;
  StepHost& host;
};

/// A plan step made executable. Belongs to one execution context; used by one thread at a time.
class Kernel {
 public:
  virtual ~Kernel() = default;
  /// Called before the first run and whenever a shape has changed; may allocate. Data pointers are set for
  /// constants only.
  virtual Status resize(std::span<const TensorArg* const> inputs,
                        std::span<const TensorArg* const> outputs) = 0;
  virtual size_t scratch_bytes() const { return 0; }
  /// True when `run` does nothing but enqueue work on the stream, so that it can be recorded.
  virtual bool can_record() const { return false; }
  /// Names of the machine code (Device::binary) that it runs, at the sizes of the last resize.
  virtual std::vector<std::string> binaries() const { return {}; }
  /// Allocates nothing, except outputs through the host when their sizes depend on data.
  virtual Status run(const Invocation& invocation) = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string_view name() const = 0;
  /// The architecture that runs here, in the words of Plan::arch, and the plans' that it can run.
  virtual std::string_view arch() const = 0;
  /// What this piece of hardware calls itself: times measured on another do not count.
  virtual std::string model() const = 0;
  virtual bool can_run(const Plan& plan) const = 0;
  /// Whether the device's memory is the host's.
  virtual bool shares_memory() const { return true; }
  /// Whether kernels can use memory of the caller as it is; what they cannot is copied.
  virtual bool can_access(const void* data) const { return true; }
  /// Where a constant of an engine lies on the device, for as long as the device object lives.
  virtual Result<void*> constant(const Tensor& tensor) { return const_cast<void*>(tensor.data()); }
  /// Takes host-visible memory out of the caches: what a network's other layers do between two uses of a
  /// constant. For measurements.
  virtual void evict(const void* data, size_t bytes) {}
  /// Leaves an operand in the caches where the layer that makes it would: of a host's threads each has its
  /// rows.
  virtual void settle(const TensorArg& operand, Stream& stream) {}
  /// Whether kernels are machine code that an engine has to bring, by the name of what it was made from.
  virtual bool has_binaries() const { return false; }
  virtual Result<Tensor> binary(const std::string& name) const { return not_found("no code '", name, "'"); }
  virtual void add_binary(const std::string& name, const Tensor& code) {}
  /// A kernel for this step and these shapes will be asked for: its code may be made meanwhile.
  virtual void prefetch(const PlanStep& step, std::span<const TensorArg* const> inputs,
                        std::span<const TensorArg* const> outputs) {}
  virtual Result<std::unique_ptr<Buffer>> allocate(size_t bytes) = 0;
  /// `threads` counts the caller; devices without host threads ignore it.
  virtual Result<std::unique_ptr<Stream>> make_stream(int threads) = 0;
  /// Errors: kNotFound when this device has no such kernel.
  virtual Result<std::unique_ptr<Kernel>> make_kernel(const PlanStep& step, const Plan& plan,
                                                      Stream& stream) = 0;
};

}  // namespace ingot
