#include <algorithm>

#include "runtime/executor_impl.h"

namespace ingot {

Executor::Executor(std::unique_ptr<Impl> impl, const Plan& plan) : impl_(std::move(impl)), plan_(plan) {}
Executor::~Executor() = default;

Result<std::unique_ptr<Executor>> Executor::create(std::shared_ptr<const EngineImage> engine,
                                                   const Plan& plan, Device& device, Stream& stream,
                                                   const ExecutorOptions& options) {
  auto impl = std::make_unique<Impl>(std::move(engine), plan, device, stream, options);
  INGOT_RETURN_IF_ERROR(impl->init());
  return std::unique_ptr<Executor>(new Executor(std::move(impl), plan));
}

Status Executor::Impl::init() {
  for (const Weight& w : engine->weights)
    if (w.packing.starts_with(kBinaryPacking)) device.add_binary(w.packing, w.data);
  slots.resize(plan.tensors.size());
  for (size_t t = 0; t < slots.size(); ++t) {
    const PlanTensor& from = plan.tensors[t];
    TensorArg& arg = slots[t].arg;
    arg.dtype = from.type.dtype;
    arg.layout = from.layout;
    arg.block = plan.block;
    if (!from.contents.empty()) {
      slots[t].sizes.resize(from.contents.size());
      INGOT_RETURN_IF_ERROR(grow(static_cast<TensorId>(t), from.contents.size() * sizeof(int64_t)));
      arg.data = slots[t].own->data();
    }
    if (from.weight < 0) continue;
    const Tensor& weight = engine->weights[static_cast<size_t>(from.weight)].data;
    arg.dtype = weight.dtype();
    arg.dims = weight.dims();
    auto placed = device.constant(weight);
    if (!placed.ok()) return placed.status().with_context(str("constant '", from.name, "'"));
    arg.data = *placed;
    slots[t].early = true;
  }
  steps.resize(plan.steps.size());
  times.resize(plan.steps.size());
  auto operand = [&](TensorId t) { return t == kNoTensor ? &absent : &slot(t).arg; };
  for (size_t i = 0; i < steps.size(); ++i) {
    const PlanStep& from = plan.steps[i];
    auto kernel = device.make_kernel(from, plan, stream);
    if (!kernel.ok()) return kernel.status().with_context(str("step '", from.name, "'"));
    steps[i].kernel = std::move(kernel).value();
    for (TensorId t : from.inputs) steps[i].inputs.push_back(operand(t));
    for (TensorId t : from.outputs) steps[i].outputs.push_back(operand(t));
  }
  for (const Plan& body : plan.subplans) {
    INGOT_ASSIGN_OR_RETURN(std::unique_ptr<Executor> executor,
                           Executor::create(engine, body, device, stream, options));
    bodies.push_back(std::move(executor));
  }
  return {};
}

Status Executor::Impl::grow(std::unique_ptr<Buffer>& buffer, size_t bytes) {
  if (buffer && buffer->size() >= bytes) return {};
  buffer.reset();
  bytes = std::max<size_t>(bytes, 64);
  INGOT_ASSIGN_OR_RETURN(buffer, options.allocate ? options.allocate(bytes) : device.allocate(bytes));
  return {};
}

Status Executor::Impl::grow(TensorId t, size_t bytes) {
  const Status status = grow(slot(t).own, bytes);
  return status.ok() ? status : status.with_context(str("tensor '", info(t).name, "'"));
}

Status Executor::Impl::grow_scratch(size_t bytes, const PlanStep& step) {
  const Status status = grow(scratch, bytes);
  return status.ok() ? status : status.with_context(str("step '", step.name, "'"));
}

void Executor::set_input(size_t i, const void* data) {
  Impl::Slot& s = impl_->slot(plan_.inputs[i]);
  const bool direct = data == nullptr || impl_->device.can_access(data);
  s.source = direct ? nullptr : data;
  if (direct) s.arg.data = const_cast<void*>(data);
}

void Executor::set_output(size_t i, void* data) {
  Impl::Slot& s = impl_->slot(plan_.outputs[i]);
  s.external = data != nullptr && impl_->device.can_access(data);
  s.destination = s.external ? nullptr : data;
  s.arg.data = s.external ? data : s.own ? s.own->data() : nullptr;
}

Status Executor::enqueue(bool copies) {
  Impl& m = *impl_;
  if (!m.sized) return failed_precondition("the input shapes are not set");
  const auto mark = [&](size_t moment) { return m.timing ? m.stream.mark(moment) : Status(); };
  INGOT_RETURN_IF_ERROR(mark(0));
  INGOT_RETURN_IF_ERROR(m.copy_in(copies));
  INGOT_RETURN_IF_ERROR(mark(1));
  m.place_early();
  m.run_symbols = m.symbols;
  INGOT_RETURN_IF_ERROR(m.profiling ? m.run_profiled() : m.can_record() ? m.run_recorded() : m.run_steps());
  if (m.has_late)
    for (TensorId t : plan_.outputs) INGOT_RETURN_IF_ERROR(m.place_late(t));
  INGOT_RETURN_IF_ERROR(mark(2));
  if (copies) INGOT_RETURN_IF_ERROR(m.copy_out());
  m.timed = m.timing;
  return mark(3);
}

Result<std::array<double, 3>> Executor::run_seconds() const {
  if (!impl_->timed) return failed_precondition("no run has been timed");
  std::array<double, 3> seconds{};
  for (size_t i = 0; i < seconds.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(seconds[i], impl_->stream.seconds_between(i, i + 1));
  }
  return seconds;
}

Status Executor::run() {
  INGOT_RETURN_IF_ERROR(enqueue());
  return impl_->stream.synchronize();
}

Result<TensorView> Executor::result(size_t i) {
  Impl::Slot& s = impl_->slot(plan_.outputs[i]);
  const TensorArg& a = s.arg;
  if (s.destination != nullptr) return TensorView{a.dtype, a.dims, s.destination};
  // Memory of the executor's own is not asked about: it is the device's.
  if (impl_->device.shares_memory() || a.bytes() == 0) return TensorView{a.dtype, a.dims, a.data};
  if (!s.on_host.valid()) {
    INGOT_ASSIGN_OR_RETURN(s.on_host, Tensor::allocate(a.dtype, a.dims));
    INGOT_RETURN_IF_ERROR(impl_->stream.download(s.on_host.mutable_data(), a.data, a.bytes()));
  }
  return s.on_host.view();
}

const TensorArg& Executor::output(size_t i) const { return impl_->slot(plan_.outputs[i]).arg; }
const TensorArg& Executor::input(size_t i) const { return impl_->slot(plan_.inputs[i]).arg; }
const TensorArg& Executor::tensor(TensorId t) const { return impl_->slot(t).arg; }
bool Executor::output_dims_known(size_t i) const { return impl_->slot(plan_.outputs[i]).early; }
size_t Executor::arena_bytes() const { return impl_->arena ? impl_->arena->size() : 0; }
size_t Executor::recorded_kernels() const { return impl_->recording ? impl_->recording->kernels() : 0; }
void Executor::set_profiling(bool on) { impl_->profiling = on; }
void Executor::set_timing(bool on) {
  impl_->timing = on;
  impl_->timed = false;
}
const std::vector<StepTime>& Executor::step_times() const { return impl_->times; }

bool Executor::guards_intact() const {
  const Impl& m = *impl_;
  const size_t guard = m.options.guard_bytes;
  if (guard == 0 || !m.arena) return true;
  std::vector<bool> used(m.arena->size(), false);
  for (size_t t = 0; t < m.slots.size(); ++t) {
    if (m.memory.offsets[t] == MemoryPlan::kNoOffset) continue;
    std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(m.memory.offsets[t]), m.slots[t].arg.bytes(),
                true);
  }
  std::vector<std::byte> bytes(m.arena->size());
  if (!m.stream.download(bytes.data(), m.arena->data(), bytes.size()).ok()) return false;
  for (size_t i = 0; i < used.size(); ++i)
    if (!used[i] && bytes[i] != Impl::kGuard) return false;
  return true;
}

}  // namespace ingot
