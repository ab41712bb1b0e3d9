#include <algorithm>
#include <cstring>

#include "runtime/executor_impl.h"
#include "runtime/ranges.h"

namespace ingot {

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
  INGOT_RETURN_IF_ERROR(grow(from.outputs[i], bytes));
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
  const Range range(from.name.c_str());
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
    INGOT_RETURN_IF_ERROR(grow(t, s.arg.bytes()));
    s.arg.data = s.own->data();
  }
  for (TensorId t : plan.inputs) {
    Slot& s = slot(t);
    const size_t bytes = s.arg.bytes();
    if (s.source != nullptr && bytes > 0) {
      INGOT_RETURN_IF_ERROR(grow(t, bytes));
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

}  // namespace ingot
