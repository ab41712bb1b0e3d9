#include <algorithm>

#include "runtime/executor_impl.h"

namespace ingot {

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
  const PlanStep* greediest = nullptr;
  for (size_t i = 0; i < steps.size(); ++i) {
    const size_t bytes = steps[i].late ? 0 : steps[i].kernel->scratch_bytes();
    if (bytes > scratch_bytes) scratch_bytes = bytes, greediest = &plan.steps[i];
  }
  if (arena_is_given && arena->size() < memory.arena_bytes)
    return failed_precondition("the memory given for tensors between the steps has ", arena->size(),
                               " bytes, needed are ", memory.arena_bytes);
  INGOT_RETURN_IF_ERROR(grow(arena, memory.arena_bytes).with_context("tensors between the steps"));
  INGOT_RETURN_IF_ERROR(greediest ? grow_scratch(scratch_bytes, *greediest) : grow(scratch, 0));
  if (options.guard_bytes > 0) {
    const std::vector<std::byte> pattern(arena->size(), kGuard);
    INGOT_RETURN_IF_ERROR(stream.upload(arena->data(), pattern.data(), pattern.size()));
  }
  for (TensorId t : plan.outputs) {
    Slot& s = slot(t);
    if (s.external || !s.early) continue;
    INGOT_RETURN_IF_ERROR(grow(t, s.arg.bytes()));
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

void Executor::set_arena(std::unique_ptr<Buffer> memory) {
  impl_->arena_is_given = memory != nullptr;
  impl_->arena = std::move(memory);
  impl_->sized = false;
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
    Impl::Slot& s = m.slot(plan_.inputs[i]);
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
    INGOT_RETURN_IF_ERROR(grow(from.alias_of, root.arg.bytes()));
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
    INGOT_RETURN_IF_ERROR(grow(t, s.arg.bytes()));
    s.arg.data = s.own->data();
  }
  if (known)
    INGOT_RETURN_IF_ERROR(size_kernel(step, from));
  else
    INGOT_RETURN_IF_ERROR(
        step.kernel->resize(step.inputs, step.outputs).with_context(str("step '", from.name, "'")));
  return grow_scratch(step.kernel->scratch_bytes(), from);
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

}  // namespace ingot
