#include "runtime/executor.h"

#include <algorithm>
#include <cstring>

namespace ingot {
namespace {

constexpr std::byte kGuard{0xA5};

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

}  // namespace

struct Executor::Impl final : StepHost {
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
  std::unique_ptr<Recording> recording;   // of all steps, with these pointers for inputs and outputs:
  std::vector<const void*> recorded_for;  // those of the last run while there is no recording
  bool profiling = false;
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
      INGOT_RETURN_IF_ERROR(grow(slots[t].own, from.contents.size() * sizeof(int64_t)));
      arg.data = slots[t].own->data();
    }
    if (from.weight < 0) continue;
    const Tensor& weight = engine->weights[static_cast<size_t>(from.weight)].data;
    arg.dtype = weight.dtype();
    arg.dims = weight.dims();
    INGOT_ASSIGN_OR_RETURN(arg.data, device.constant(weight));
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
  INGOT_ASSIGN_OR_RETURN(buffer, device.allocate(std::max<size_t>(bytes, 64)));
  return {};
}

// The sizes that tensor t holds, if it is one that holds sizes; false where a symbol has no value yet.
Result<bool> Executor::Impl::write_contents(size_t t, const SymbolValues& values) {
  const Shape& contents = plan.tensors[t].contents;
  if (contents.empty()) return true;
  const TensorArg& arg = slots[t].arg;
  void* const to = slots[t].sizes.data();
  for (size_t i = 0; i < contents.size(); ++i) {
    const auto size = contents[i].eval(values);
    if (!size.ok()) return false;
    if (arg.dtype == DataType::kI64)
      static_cast<int64_t*>(to)[i] = *size;
    else if (arg.dtype == DataType::kI32)
      static_cast<int32_t*>(to)[i] = static_cast<int32_t>(*size);
    else
      static_cast<bool*>(to)[i] = *size != 0;
  }
  INGOT_RETURN_IF_ERROR(stream.upload(arg.data, to, arg.bytes()));
  return true;
}

// Dims and alias offsets of all tensors whose expressions have values.
Status Executor::Impl::size_tensors(const SymbolValues& values) {
  for (size_t t = 0; t < slots.size(); ++t) {
    const PlanTensor& from = plan.tensors[t];
    if (from.weight >= 0) continue;
    Slot& s = slots[t];
    s.early = false;
    if (!from.type.ranked) continue;
    auto dims = eval(from.type.shape, values);
    if (!dims.ok()) {
      if (dims.status().message().find("has no value yet") == std::string_view::npos)
        return dims.status().with_context(str("tensor '", from.name, "'"));
      continue;
    }
    INGOT_RETURN_IF_ERROR(
        checked_bytes(from.type.dtype, *dims).status().with_context(str("tensor '", from.name, "'")));
    s.arg.dims = std::move(*dims);
    INGOT_ASSIGN_OR_RETURN(s.early, write_contents(t, values));
    if (from.alias_of != kNoTensor) {
      const auto offset = from.alias_offset.eval(values);
      if (offset.ok())
        s.alias_bytes = static_cast<int64_t>(byte_size(from.type.dtype, *offset));
      else
        s.early = false;
    }
  }
  // A view of something whose size only the run will tell is placed during the run as well.
  for (size_t t = 0; t < slots.size(); ++t)
    for (TensorId at = plan.tensors[t].alias_of; at != kNoTensor; at = info(at).alias_of)
      slots[t].early = slots[t].early && slot(at).early;
  return {};
}

std::vector<size_t> Executor::Impl::sizes(const std::vector<Slot>& of) const {
  std::vector<size_t> out(of.size());
  for (size_t t = 0; t < of.size(); ++t) out[t] = of[t].early ? of[t].arg.bytes() : MemoryPlan::kNoOffset;
  return out;
}

Status Executor::Impl::size_kernel(Step& step, const PlanStep& from) {
  std::vector<Dims> dims;
  for (const TensorArg* a : step.inputs) dims.push_back(a->dims);
  for (const TensorArg* a : step.outputs) dims.push_back(a->dims);
  if (sized && dims == step.sized_for) return {};
  INGOT_RETURN_IF_ERROR(step.kernel->resize(step.inputs, step.outputs)
                            .with_context(str("step '", from.name, "' (", from.kernel, ")")));
  step.sized_for = std::move(dims);
  return {};
}

Status Executor::Impl::allocate_memory() {
  memory = plan_memory(plan, sizes(slots), options.guard_bytes);
  size_t scratch_bytes = 0;
  for (const Step& s : steps)
    if (!s.late) scratch_bytes = std::max(scratch_bytes, s.kernel->scratch_bytes());
  INGOT_RETURN_IF_ERROR(grow(arena, memory.arena_bytes));
  INGOT_RETURN_IF_ERROR(grow(scratch, scratch_bytes));
  if (options.guard_bytes > 0) {
    const std::vector<std::byte> pattern(arena->size(), kGuard);
    INGOT_RETURN_IF_ERROR(stream.upload(arena->data(), pattern.data(), pattern.size()));
  }
  for (TensorId t : plan.outputs) {
    Slot& s = slot(t);
    if (s.external || !s.early) continue;
    INGOT_RETURN_IF_ERROR(grow(s.own, s.arg.bytes()));
    s.arg.data = s.own->data();
  }
  return {};
}

// Pointers of everything whose size is known: arena tensors, then the views (what a view lies in may itself
// be a view).
void Executor::Impl::place_early() {
  for (size_t t = 0; t < slots.size(); ++t)
    if (memory.offsets[t] != MemoryPlan::kNoOffset)
      slots[t].arg.data = static_cast<std::byte*>(arena->data()) + memory.offsets[t];
  for (size_t t = 0; t < slots.size(); ++t) {
    if (plan.tensors[t].alias_of == kNoTensor || !slots[t].early) continue;
    int64_t offset = 0;
    auto at = static_cast<TensorId>(t);
    for (; info(at).alias_of != kNoTensor; at = info(at).alias_of) offset += slot(at).alias_bytes;
    if (slot(at).arg.data != nullptr) slots[t].arg.data = static_cast<std::byte*>(slot(at).arg.data) + offset;
  }
}

Status Executor::resize(std::span<const Dims> inputs, const SymbolValues& outer) {
  Impl& m = *impl_;
  if (inputs.size() != plan_.inputs.size())
    return invalid_argument("got ", inputs.size(), " input shapes, expected ", plan_.inputs.size());
  if (m.sized && std::equal(inputs.begin(), inputs.end(), m.current_inputs.begin()) && outer == m.outer)
    return {};
  SymbolValues symbols = outer;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const PlanTensor& t = m.info(plan_.inputs[i]);
    if (t.type.ranked)
      INGOT_RETURN_IF_ERROR(
          bind_dims(t.type.shape, inputs[i], symbols).with_context(str("input '", t.name, "'")));
  }
  m.outer = outer;
  m.symbols = std::move(symbols);
  INGOT_RETURN_IF_ERROR(m.size_tensors(m.symbols));
  for (size_t i = 0; i < inputs.size(); ++i) {  // unranked inputs take what is given
    Slot& s = m.slot(plan_.inputs[i]);
    s.arg.dims = inputs[i];
    s.early = true;
  }
  m.has_late = false;
  for (size_t i = 0; i < m.steps.size(); ++i) {
    const PlanStep& from = plan_.steps[i];
    auto known = [&](TensorId t) { return t == kNoTensor || m.slot(t).early; };
    m.steps[i].late = !std::all_of(from.inputs.begin(), from.inputs.end(), known) ||
                      !std::all_of(from.outputs.begin(), from.outputs.end(), known);
    if (m.steps[i].late) {
      m.has_late = true;
      // What a late step writes is placed when the run reaches it, even where its size is known now.
      continue;
    }
    const Status status = m.size_kernel(m.steps[i], from);
    if (!status.ok()) {
      m.sized = false;
      return status;
    }
  }
  m.sized = false;
  m.recording.reset();
  m.recorded_for.clear();
  INGOT_RETURN_IF_ERROR(m.allocate_memory());
  m.place_early();
  m.current_inputs.assign(inputs.begin(), inputs.end());
  m.sized = true;
  return {};
}

Result<size_t> Executor::memory_bytes(std::span<const Dims> inputs) const {
  SymbolValues symbols;
  for (size_t i = 0; i < inputs.size() && i < plan_.inputs.size(); ++i) {
    const PlanTensor& t = impl_->info(plan_.inputs[i]);
    if (t.type.ranked) INGOT_RETURN_IF_ERROR(bind_dims(t.type.shape, inputs[i], symbols));
  }
  std::vector<size_t> sizes(plan_.tensors.size(), MemoryPlan::kNoOffset);
  for (size_t t = 0; t < sizes.size(); ++t) {
    const PlanTensor& from = plan_.tensors[t];
    const auto dims = eval(from.type.shape, symbols);
    if (from.type.ranked && dims.ok())
      sizes[t] = byte_size(from.type.dtype, storage_elements(*dims, from.layout, plan_.block));
  }
  return plan_memory(plan_, sizes).arena_bytes;
}

void Executor::set_input(size_t i, const void* data) {
  Slot& s = impl_->slot(plan_.inputs[i]);
  const bool direct = data == nullptr || impl_->device.can_access(data);
  s.source = direct ? nullptr : data;
  if (direct) s.arg.data = const_cast<void*>(data);
}

void Executor::set_output(size_t i, void* data) {
  Slot& s = impl_->slot(plan_.outputs[i]);
  s.external = data != nullptr && impl_->device.can_access(data);
  s.destination = s.external ? nullptr : data;
  s.arg.data = s.external ? data : s.own ? s.own->data() : nullptr;
}

// A tensor that a late step reads or writes: its dims from the symbols known by now, its memory where that
// is.
Status Executor::Impl::place_late(TensorId t) {
  Slot& s = slot(t);
  const PlanTensor& from = info(t);
  if (from.type.ranked && !s.early) {
    auto dims = eval(from.type.shape, run_symbols);
    if (dims.ok()) s.arg.dims = std::move(*dims);
    INGOT_ASSIGN_OR_RETURN(const bool written, write_contents(static_cast<size_t>(t), run_symbols));
    if (!written) return internal_error("the sizes in '", from.name, "' are not known yet");
  }
  if (from.alias_of == kNoTensor) return {};
  INGOT_RETURN_IF_ERROR(place_late(from.alias_of));
  INGOT_ASSIGN_OR_RETURN(const int64_t offset, from.alias_offset.eval(run_symbols));
  if (slot(from.alias_of).arg.data == nullptr) {  // a part of something whose memory was not needed before
    Slot& root = slot(from.alias_of);
    INGOT_RETURN_IF_ERROR(grow(root.own, root.arg.bytes()));
    root.arg.data = root.own->data();
  }
  s.arg.data = static_cast<std::byte*>(slot(from.alias_of).arg.data) + byte_size(from.type.dtype, offset);
  return {};
}

Status Executor::Impl::prepare_late(Step& step, const PlanStep& from) {
  for (TensorId t : from.inputs)
    if (t != kNoTensor) INGOT_RETURN_IF_ERROR(place_late(t));
  bool known = true;
  for (TensorId t : from.outputs) {
    if (t == kNoTensor) continue;
    INGOT_RETURN_IF_ERROR(place_late(t));
    Slot& s = slot(t);
    const bool has_dims = s.early || (info(t).type.ranked && eval(info(t).type.shape, run_symbols).ok());
    known = known && has_dims;
    if (!has_dims || s.external || info(t).alias_of != kNoTensor) continue;
    if (memory.offsets[static_cast<size_t>(t)] != MemoryPlan::kNoOffset) continue;
    INGOT_RETURN_IF_ERROR(grow(s.own, s.arg.bytes()));
    s.arg.data = s.own->data();
  }
  if (known)
    INGOT_RETURN_IF_ERROR(size_kernel(step, from));
  else
    INGOT_RETURN_IF_ERROR(
        step.kernel->resize(step.inputs, step.outputs).with_context(str("step '", from.name, "'")));
  return grow(scratch, step.kernel->scratch_bytes());
}

// Outputs that the kernel sized itself bind their symbols for the steps that follow.
Status Executor::Impl::learn_outputs(const PlanStep& from) {
  for (TensorId t : from.outputs) {
    if (t == kNoTensor || !info(t).type.ranked || slot(t).early) continue;
    INGOT_RETURN_IF_ERROR(bind_dims(info(t).type.shape, slot(t).arg.dims, run_symbols)
                              .with_context(str("step '", from.name, "': output '", info(t).name, "'")));
  }
  return {};
}

Result<void*> Executor::Impl::allocate_output(size_t i, DataType dtype, const Dims& dims) {
  const PlanStep& from = plan.steps[current];
  INGOT_CHECK(i < from.outputs.size() && from.outputs[i] != kNoTensor);
  Slot& s = slot(from.outputs[i]);
  if (dtype != s.arg.dtype)
    return internal_error("step '", from.name, "' makes ", data_type_name(dtype), ", planned was ",
                          data_type_name(s.arg.dtype));
  if (s.early) {
    if (dims != s.arg.dims)
      return invalid_argument("step '", from.name, "': output has shape ", dims_to_string(dims),
                              ", expected ", dims_to_string(s.arg.dims));
    if (s.arg.data != nullptr) return s.arg.data;
  }
  s.arg.dims = dims;
  INGOT_ASSIGN_OR_RETURN(const size_t bytes, checked_bytes(dtype, dims));
  INGOT_RETURN_IF_ERROR(grow(s.own, bytes));
  return s.arg.data = s.own->data();
}

Result<Executor*> Executor::Impl::body_of_step(std::string_view name) {
  const PlanStep& from = plan.steps[current];
  for (const auto& [attribute, index] : from.subplans)
    if (attribute == name) return bodies[static_cast<size_t>(index)].get();
  return internal_error("step '", from.name, "' has no subplan '", name, "'");
}

Result<TensorType> Executor::Impl::subplan_output_type(std::string_view name, size_t i) {
  INGOT_ASSIGN_OR_RETURN(const Executor* const body, body_of_step(name));
  if (i >= body->plan().outputs.size()) return internal_error("subplan '", name, "' has no output ", i);
  return body->plan().tensors[static_cast<size_t>(body->plan().outputs[i])].type;
}

Status Executor::Impl::run_subplan(std::string_view name, std::span<const TensorView> inputs,
                                   std::vector<Tensor>& outputs) {
  const PlanStep& from = plan.steps[current];
  INGOT_ASSIGN_OR_RETURN(Executor* const found, body_of_step(name));
  Executor& body = *found;
  std::vector<Dims> dims;
  std::vector<const void*> data;
  for (const TensorView& v : inputs) {  // the host's, as everything that a body's runs are counted with
    dims.push_back(v.dims);
    data.push_back(v.data);
  }
  for (size_t i = from.inputs.size() - static_cast<size_t>(from.captures); i < from.inputs.size(); ++i) {
    const TensorArg& a = slot(from.inputs[i]).arg;
    dims.push_back(a.dims);
    data.push_back(a.data);
  }
  INGOT_RETURN_IF_ERROR(body.resize(dims, run_symbols));
  for (size_t i = 0; i < data.size(); ++i) body.set_input(i, data[i]);
  INGOT_RETURN_IF_ERROR(body.run());
  outputs.clear();
  for (size_t i = 0; i < body.plan().outputs.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const TensorView y, body.result(i));
    INGOT_ASSIGN_OR_RETURN(Tensor t, Tensor::allocate(y.dtype, y.dims));
    if (t.bytes() > 0) std::memcpy(t.mutable_data(), y.data, t.bytes());
    outputs.push_back(std::move(t));
  }
  return {};
}

Status Executor::Impl::run_step(size_t i) {
  current = i;
  Step& step = steps[i];
  const PlanStep& from = plan.steps[i];
  if (step.late) INGOT_RETURN_IF_ERROR(prepare_late(step, from));
  const Status status =
      step.kernel->run({step.inputs, step.outputs, scratch ? scratch->data() : nullptr, stream, *this});
  if (!status.ok()) return status.with_context(str("step '", from.name, "'"));
  if (step.late) return learn_outputs(from);
  return {};
}

Status Executor::Impl::run_steps() {
  for (size_t i = 0; i < steps.size(); ++i) INGOT_RETURN_IF_ERROR(run_step(i));
  return {};
}

Status Executor::Impl::run_profiled() {
  INGOT_RETURN_IF_ERROR(stream.mark(0));
  for (size_t i = 0; i < steps.size(); ++i) {
    INGOT_RETURN_IF_ERROR(run_step(i));
    INGOT_RETURN_IF_ERROR(stream.mark(i + 1));
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const double seconds, stream.seconds_between(i, i + 1));
    times[i].seconds += seconds;
    ++times[i].runs;
  }
  return {};
}

bool Executor::Impl::can_record() const {
  return stream.can_record() && !has_late && !profiling &&
         std::all_of(steps.begin(), steps.end(), [](const Step& s) { return s.kernel->can_record(); });
}

// The first run with these pointers goes step by step, so that one run alone does not pay for a recording.
Status Executor::Impl::run_recorded() {
  std::vector<const void*> pointers;
  for (TensorId t : plan.inputs) pointers.push_back(slot(t).arg.data);
  for (TensorId t : plan.outputs) pointers.push_back(slot(t).arg.data);
  if (pointers != recorded_for) {
    recording.reset();
    recorded_for = std::move(pointers);
    return run_steps();
  }
  if (recording == nullptr) {
    INGOT_RETURN_IF_ERROR(stream.begin_recording());
    const Status status = run_steps();
    auto recorded = stream.end_recording();  // in any case: the stream would go on recording
    INGOT_RETURN_IF_ERROR(status);
    INGOT_ASSIGN_OR_RETURN(recording, std::move(recorded));
  }
  return recording->replay();
}

// Brings the inputs to where the kernels read them, and gives outputs that have no memory some.
Status Executor::Impl::copy_in(bool copies) {
  for (TensorId t : plan.outputs) {
    Slot& s = slot(t);
    if (s.arg.data != nullptr || !s.early) continue;
    INGOT_RETURN_IF_ERROR(grow(s.own, s.arg.bytes()));
    s.arg.data = s.own->data();
  }
  for (TensorId t : plan.inputs) {
    Slot& s = slot(t);
    const size_t bytes = s.arg.bytes();
    if (s.source != nullptr && bytes > 0) {
      INGOT_RETURN_IF_ERROR(grow(s.own, bytes));
      s.arg.data = s.own->data();
      if (copies) INGOT_RETURN_IF_ERROR(stream.upload(s.arg.data, s.source, bytes));
    }
    if (s.arg.data == nullptr && bytes > 0)
      return failed_precondition("input '", info(t).name, "' has no data");
  }
  return {};
}

Status Executor::Impl::copy_out() {
  for (TensorId t : plan.outputs) {
    Slot& s = slot(t);
    s.on_host = {};
    if (s.destination != nullptr && s.arg.bytes() > 0)
      INGOT_RETURN_IF_ERROR(stream.download(s.destination, s.arg.data, s.arg.bytes()));
  }
  return {};
}

Status Executor::enqueue(bool copies) {
  Impl& m = *impl_;
  if (!m.sized) return failed_precondition("the input shapes are not set");
  INGOT_RETURN_IF_ERROR(m.copy_in(copies));
  m.place_early();
  m.run_symbols = m.symbols;
  INGOT_RETURN_IF_ERROR(m.profiling ? m.run_profiled() : m.can_record() ? m.run_recorded() : m.run_steps());
  if (m.has_late)
    for (TensorId t : plan_.outputs) INGOT_RETURN_IF_ERROR(m.place_late(t));
  return copies ? m.copy_out() : Status();
}

Status Executor::run() {
  INGOT_RETURN_IF_ERROR(enqueue());
  return impl_->stream.synchronize();
}

Result<TensorView> Executor::result(size_t i) {
  Slot& s = impl_->slot(plan_.outputs[i]);
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
    if (!used[i] && bytes[i] != kGuard) return false;
  return true;
}

}  // namespace ingot
