// Context: one stream of runs of an engine.
#include <algorithm>
#include <atomic>

#include "api/engine_impl.h"
#include "runtime/executor.h"

namespace ingot {
namespace {

bool within(const ProfileInput& range, const Dims& dims) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (i < range.min.size() && (dims[i] < range.min[i] || dims[i] > range.max[i])) return false;
  return true;
}

}  // namespace

struct Context::Impl {
  std::shared_ptr<const Engine::Impl> engine;
  std::unique_ptr<Stream> stream;
  int threads = 1;
  ExecutorOptions executor_options;
  std::vector<std::unique_ptr<Executor>> executors;  // one for each plan, made when it is first needed
  Executor* executor = nullptr;                      // that of the present shapes
  std::vector<Dims> dims;                            // of the inputs
  std::vector<bool> has_dims;
  std::vector<const void*> data;
  struct Target {
    void* data = nullptr;
    size_t bytes = 0;
  };
  std::vector<Target> targets;  // the caller's memory for outputs
  Target memory;                // and for tensors between the steps
  bool profiling = false, timing = false;
  std::atomic<bool> busy{false};

  const std::vector<Plan>& plans() const { return engine->image->plans; }

  Result<size_t> index(const std::vector<TensorInfo>& infos, const std::string& name,
                       const char* kind) const {
    std::string names;
    for (size_t i = 0; i < infos.size(); ++i) {
      if (infos[i].name == name) return i;
      names += (i ? ", '" : "'") + infos[i].name + "'";
    }
    return invalid_argument("no ", kind, " '", name, "', expected ", names.empty() ? "none" : names);
  }

  bool fits(const Plan& plan) const {
    if (!engine->device->can_run(plan)) return false;
    for (const ProfileInput& range : plan.profile)
      for (size_t i = 0; i < dims.size(); ++i)
        if (engine->inputs[i].name == range.name && !within(range, dims[i])) return false;
    return true;
  }

  Status choose_executor() {
    for (size_t p = 0; p < plans().size(); ++p) {
      if (!fits(plans()[p])) continue;
      if (executors[p] == nullptr) {
        INGOT_ASSIGN_OR_RETURN(executors[p], Executor::create(engine->image, plans()[p], *engine->device,
                                                              *stream, executor_options));
        executors[p]->set_profiling(profiling);
        executors[p]->set_timing(timing);
        give_memory(*executors[p]);
      }
      executor = executors[p].get();
      return {};
    }
    std::string shapes, ranges;
    for (size_t i = 0; i < dims.size(); ++i)
      shapes += str(i ? ", " : "", engine->inputs[i].name, "=", dims_to_string(dims[i]));
    for (const Plan& p : plans())
      for (const ProfileInput& r : p.profile)
        ranges += str(ranges.empty() ? "" : "; ", r.name, " from ", dims_to_string(r.min), " to ",
                      dims_to_string(r.max));
    return invalid_argument("input shapes ", shapes, " are outside the engine's profiles (", ranges, ")");
  }

  void give_memory(Executor& to) const {
    to.set_arena(memory.data == nullptr ? nullptr : std::make_unique<GivenBuffer>(memory.data, memory.bytes));
  }

  // Dims for inputs that were not given any, where the model fixes them.
  Status complete_dims() {
    for (size_t i = 0; i < dims.size(); ++i) {
      if (has_dims[i]) continue;
      const PlanTensor& t = plans()[0].tensors[static_cast<size_t>(plans()[0].inputs[i])];
      if (!t.type.is_static())
        return failed_precondition("input '", t.name, "' of type ", t.type.to_string(),
                                   " has neither data nor a shape yet");
      dims[i] = *eval(t.type.shape, {});
      has_dims[i] = true;
    }
    return {};
  }

  Status prepare() {
    INGOT_RETURN_IF_ERROR(complete_dims());
    INGOT_RETURN_IF_ERROR(choose_executor());
    return executor->resize(dims);
  }

  Status set_dims(size_t i, const Dims& new_dims) {
    const PlanTensor& t = plans()[0].tensors[static_cast<size_t>(plans()[0].inputs[i])];
    if (t.type.ranked) {
      if (new_dims.size() != t.type.shape.size())
        return invalid_argument("input '", t.name, "': got shape ", dims_to_string(new_dims), ", expected ",
                                to_string(t.type.shape));
      for (size_t d = 0; d < new_dims.size(); ++d) {
        const bool wrong =
            t.type.shape[d].is_const() ? t.type.shape[d].value() != new_dims[d] : new_dims[d] < 0;
        if (wrong)
          return invalid_argument("input '", t.name, "': got shape ", dims_to_string(new_dims), ", expected ",
                                  to_string(t.type.shape));
      }
    }
    dims[i] = new_dims;
    has_dims[i] = true;
    return {};
  }

  Status enqueue() {
    INGOT_RETURN_IF_ERROR(prepare());
    for (size_t i = 0; i < data.size(); ++i) executor->set_input(i, data[i]);
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].data == nullptr) continue;
      if (!executor->output_dims_known(i))
        return failed_precondition("output '", engine->outputs[i].name,
                                   "' depends on data: its memory cannot be given before a run");
      const size_t needed = executor->output(i).bytes();
      if (targets[i].bytes < needed)
        return invalid_argument("output '", engine->outputs[i].name, "' takes ", needed,
                                " bytes, got memory for ", targets[i].bytes);
      executor->set_output(i, targets[i].data);
    }
    INGOT_RETURN_IF_ERROR(executor->enqueue());
    return stream->hand_over();
  }
};

namespace {

// Marks a context busy for the length of a call; a second thread finds it so.
class BusyGuard {
 public:
  explicit BusyGuard(std::atomic<bool>& flag)
      : flag_(flag), ok_(!flag.exchange(true, std::memory_order_acquire)) {}
  ~BusyGuard() {
    if (ok_) flag_.store(false, std::memory_order_release);
  }
  Status status() const {
    return ok_ ? Status()
               : failed_precondition("the context is in use by another thread: one context per thread");
  }

 private:
  std::atomic<bool>& flag_;
  bool ok_;
};

}  // namespace

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

Result<Context> Engine::context(int threads) const {
  ContextOptions options;
  options.threads = threads;
  return context(options);
}

Result<Context> Engine::context(const ContextOptions& options) const {
  auto impl = std::make_unique<Context::Impl>();
  impl->engine = impl_;
  impl->threads = options.threads != 0 ? options.threads : impl_->image->plans.front().threads;
  if (options.allocate)
    impl->executor_options.allocate = [options](size_t bytes) -> Result<std::unique_ptr<Buffer>> {
      void* memory = options.allocate(bytes);
      if (memory == nullptr)
        return out_of_memory("the program's allocator gave no memory for ", bytes, " bytes");
      return std::unique_ptr<Buffer>(std::make_unique<GivenBuffer>(memory, bytes, options.free));
    };
  INGOT_ASSIGN_OR_RETURN(impl->stream, impl_->device->make_stream(impl->threads));
  impl->executors.resize(impl_->image->plans.size());
  impl->dims.resize(impl_->inputs.size());
  impl->has_dims.resize(impl_->inputs.size());
  impl->data.resize(impl_->inputs.size());
  impl->targets.resize(impl_->outputs.size());
  return Context(std::move(impl));
}

Status Context::set_input_shape(const std::string& name, const Dims& dims) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  INGOT_ASSIGN_OR_RETURN(const size_t i, impl_->index(impl_->engine->inputs, name, "input"));
  return impl_->set_dims(i, dims);
}

Status Context::set_input(const std::string& name, const TensorRef& tensor) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  INGOT_ASSIGN_OR_RETURN(const size_t i, impl_->index(impl_->engine->inputs, name, "input"));
  const DataType expected = impl_->engine->inputs[i].dtype;
  if (tensor.dtype != expected)
    return invalid_argument("input '", name, "': got type ", data_type_name(tensor.dtype), ", expected ",
                            data_type_name(expected));
  INGOT_RETURN_IF_ERROR(impl_->set_dims(i, tensor.dims));
  impl_->data[i] = tensor.data;
  return {};
}

Status Context::set_output(const std::string& name, void* data, size_t bytes) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  INGOT_ASSIGN_OR_RETURN(const size_t i, impl_->index(impl_->engine->outputs, name, "output"));
  impl_->targets[i] = {data, bytes};
  if (data == nullptr && impl_->executor != nullptr) impl_->executor->set_output(i, nullptr);
  return {};
}

Status Context::enqueue() {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  return impl_->enqueue();
}

Status Context::set_stream(void* stream) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  return impl_->stream->follow(stream);
}

Status Context::wait_for(void* event) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  return impl_->stream->wait_for(event);
}

Status Context::record(void* event) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  return impl_->stream->record(event);
}

Status Context::synchronize() {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  return impl_->stream->synchronize();
}

Status Context::run() {
  INGOT_RETURN_IF_ERROR(enqueue());
  return synchronize();
}

Result<double> Context::measure(int runs) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  for (int i = 0; i < 3; ++i) INGOT_RETURN_IF_ERROR(impl_->enqueue());  // brings the inputs, records the run
  INGOT_RETURN_IF_ERROR(impl_->stream->mark(0));
  for (int i = 0; i < runs; ++i) INGOT_RETURN_IF_ERROR(impl_->executor->enqueue(false));
  INGOT_RETURN_IF_ERROR(impl_->stream->mark(1));
  return impl_->stream->seconds_between(0, 1);
}

size_t Context::kernels_launched() const {
  return impl_->executor == nullptr ? 0 : impl_->executor->recorded_kernels();
}

Result<TensorRef> Context::output(const std::string& name) const {
  INGOT_ASSIGN_OR_RETURN(const size_t i, impl_->index(impl_->engine->outputs, name, "output"));
  if (impl_->executor == nullptr) return failed_precondition("the context has not run yet");
  INGOT_ASSIGN_OR_RETURN(const TensorView y, impl_->executor->result(i));
  return TensorRef{y.dtype, y.dims, y.data};
}

Status Context::copy_output(const std::string& name,
                            const std::function<void*(const Dims& dims, size_t bytes)>& memory) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  INGOT_ASSIGN_OR_RETURN(const size_t i, impl_->index(impl_->engine->outputs, name, "output"));
  if (impl_->executor == nullptr) return failed_precondition("the context has not run yet");
  const TensorArg& y = impl_->executor->output(i);
  void* to = memory(y.dims, y.bytes());
  if (y.bytes() == 0) return {};
  if (to == nullptr)
    return out_of_memory("there is no memory for ", y.bytes(), " bytes of output '", name, "'");
  INGOT_RETURN_IF_ERROR(impl_->stream->copy(to, y.data, y.bytes()));
  return impl_->stream->hand_over();
}

Result<TensorRef> Context::device_output(const std::string& name) const {
  INGOT_ASSIGN_OR_RETURN(const size_t i, impl_->index(impl_->engine->outputs, name, "output"));
  if (impl_->executor == nullptr) return failed_precondition("the context has not run yet");
  const TensorArg& y = impl_->executor->output(i);
  return TensorRef{y.dtype, y.dims, y.data};
}

Result<Dims> Context::output_shape(const std::string& name) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  INGOT_ASSIGN_OR_RETURN(const size_t i, impl_->index(impl_->engine->outputs, name, "output"));
  INGOT_RETURN_IF_ERROR(impl_->prepare());
  if (!impl_->executor->output_dims_known(i))
    return failed_precondition("the shape of output '", name, "' depends on data");
  return impl_->executor->output(i).dims;
}

Result<size_t> Context::memory_bytes() {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  INGOT_RETURN_IF_ERROR(impl_->complete_dims());
  INGOT_RETURN_IF_ERROR(impl_->choose_executor());
  return impl_->executor->memory_bytes(impl_->dims);
}

Status Context::set_memory(void* memory, size_t bytes) {
  const BusyGuard guard(impl_->busy);
  INGOT_RETURN_IF_ERROR(guard.status());
  if (reinterpret_cast<uintptr_t>(memory) % 256 != 0)
    return invalid_argument("memory for the tensors between the layers must be aligned to 256 bytes, got ",
                            memory);
  if (impl_->memory.data == memory && impl_->memory.bytes == bytes) return {};
  impl_->memory = {memory, bytes};
  for (auto& e : impl_->executors)
    if (e) impl_->give_memory(*e);
  return {};
}

int Context::threads() const { return impl_->threads; }

void Context::set_timing(bool on) {
  impl_->timing = on;
  for (auto& e : impl_->executors)
    if (e) e->set_timing(on);
}

Result<RunTimes> Context::run_times() const {
  if (impl_->executor == nullptr) return failed_precondition("the context has not run yet");
  INGOT_ASSIGN_OR_RETURN(const auto seconds, impl_->executor->run_seconds());
  return RunTimes{seconds[0], seconds[1], seconds[2]};
}

void Context::set_profiling(bool on) {
  impl_->profiling = on;
  for (auto& e : impl_->executors)
    if (e) e->set_profiling(on);
}

std::vector<LayerTime> Context::layer_times() const {
  std::vector<LayerTime> out;
  if (impl_->executor == nullptr) return out;
  const auto& steps = impl_->executor->plan().steps;
  const auto& times = impl_->executor->step_times();
  for (size_t i = 0; i < steps.size(); ++i)
    out.push_back({steps[i].name, steps[i].op, steps[i].kernel, times[i].seconds, times[i].runs,
                   steps[i].flops, steps[i].bytes});
  return out;
}

}  // namespace ingot
