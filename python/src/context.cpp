// Context: repeated runs in Python.
//
// Results are written straight into fresh NumPy arrays wherever their shapes are known before the run.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>

#include "common.h"

namespace ingot::python {
namespace {

// Marks a context busy while the GIL is released, so that no other thread takes its arrays away.
class Busy {
 public:
  explicit Busy(bool& flag) : flag_(flag) { flag_ = true; }
  ~Busy() { flag_ = false; }

 private:
  bool& flag_;
};

void refuse_busy(bool busy) {
  if (busy)
    raise(
        {StatusCode::kFailedPrecondition, "the context is in use by another thread: one context per thread"});
}

std::string repr(const LayerTime& l) {
  return "LayerTime(name='" + l.name + "', kernel='" + l.kernel + "', seconds=" + std::to_string(l.seconds) +
         ", runs=" + std::to_string(l.runs) + ")";
}

// Invalid for a name that is not there: Context's own message says which are.
DataType type_in(const std::vector<TensorInfo>& infos, const std::string& name) {
  for (const TensorInfo& info : infos)
    if (info.name == name) return info.dtype;
  return DataType::kInvalid;
}

}  // namespace

PyContext::PyContext(Engine engine, int threads)
    : engine_(std::move(engine)), context_(take(engine_.context(threads))) {}

void PyContext::set_input(const std::string& name, nb::handle value) {
  refuse_busy(busy_);
  const DataType expected = type_in(engine_.inputs(), name);
  if (expected == DataType::kInvalid) check(context_.set_input(name, {DataType::kF32, {}, nullptr}));
  BorrowedArray array = input_array(value, expected, "input '" + name + "'");
  expect_reachable(array, "input '" + name + "'");
  check(context_.set_input(name, array.ref));
  inputs_.insert_or_assign(name, std::move(array));
}

void PyContext::expect_reachable(const BorrowedArray& array, const std::string& what) const {
  if (array.on_gpu && engine_.device() == "cpu")
    raise({StatusCode::kInvalidArgument, what + ": the array lies on a GPU, and the engine runs on the CPU"});
}

void PyContext::set_output(const std::string& name, nb::handle value) {
  refuse_busy(busy_);
  const DataType expected = type_in(engine_.outputs(), name);
  if (value.is_none() || expected == DataType::kInvalid) {
    check(context_.set_output(name, nullptr, 0));
    given_outputs_.erase(name);
    return;
  }
  BorrowedArray array = output_array(value, expected, "output '" + name + "'");
  expect_reachable(array, "output '" + name + "'");
  check(context_.set_output(name, array.ref.data, array.ref.bytes()));
  given_outputs_.insert_or_assign(name, std::move(array));
}

void PyContext::set_outputs(nb::dict outputs) {
  for (const auto& [name, value] : outputs) {
    if (!nb::isinstance<nb::str>(name))
      raise({StatusCode::kInvalidArgument, "outputs are given as {name: array}"});
    set_output(nb::cast<std::string>(name), value);
  }
}

void PyContext::set_inputs(nb::dict inputs) {
  for (const auto& [name, value] : inputs) {
    if (!nb::isinstance<nb::str>(name))
      raise({StatusCode::kInvalidArgument, "inputs are given as {name: array}"});
    set_input(nb::cast<std::string>(name), value);
  }
}

void PyContext::call_released(Status (Context::*method)()) {
  Status status;
  {
    const Busy busy(busy_);
    nb::gil_scoped_release release;
    status = (context_.*method)();
  }
  check(status);
}

void PyContext::run_context() { call_released(&Context::run); }

void PyContext::synchronize() {
  refuse_busy(busy_);
  call_released(&Context::synchronize);
}

void PyContext::set_stream(nb::handle stream) {
  refuse_busy(busy_);
  if (stream.is_none()) return check(context_.set_stream(nullptr));
  void* handle = handle_of(stream, "cuda_stream");
  constexpr uintptr_t kLegacyDefault = 1;  // which the runtime also calls 0
  if (handle == nullptr) handle = reinterpret_cast<void*>(kLegacyDefault);
  check(context_.set_stream(handle));
}

void PyContext::wait_for(nb::handle event) {
  refuse_busy(busy_);
  check(context_.wait_for(handle_of(event, "cuda_event")));
}

void PyContext::record(nb::handle event) {
  refuse_busy(busy_);
  check(context_.record(handle_of(event, "cuda_event")));
}

nb::dict PyContext::enqueue(nb::handle self) {
  refuse_busy(busy_);
  if (engine_.device() == "cpu")
    raise({StatusCode::kUnsupported, "enqueue is for engines on a GPU: use run"});
  // Memory of the host that an earlier run wrote to is that run's.
  for (const TensorInfo& info : engine_.outputs())
    if (!given_outputs_.contains(info.name)) check(context_.set_output(info.name, nullptr, 0));
  call_released(&Context::enqueue);
  nb::dict results;
  for (const TensorInfo& info : engine_.outputs()) {
    const auto given = given_outputs_.find(info.name);
    results[info.name.c_str()] =
        given != given_outputs_.end()
            ? given->second.object
            : nb::cast(DeviceArray{take(context_.device_output(info.name)), nb::borrow(self)});
  }
  return results;
}

nb::dict PyContext::run() {
  refuse_busy(busy_);
  nb::dict results;
  for (const TensorInfo& info : engine_.outputs()) {
    const auto dims = context_.output_shape(info.name);
    if (!dims.ok() && dims.status().code() != StatusCode::kFailedPrecondition) raise(dims.status());
    if (const auto given = given_outputs_.find(info.name); given != given_outputs_.end()) {
      results[info.name.c_str()] = given->second.object;
      continue;
    }
    if (!dims.ok()) continue;
    void* data = nullptr;
    const nb::object array = empty_array(info.dtype, *dims, data);
    check(context_.set_output(info.name, data, TensorRef{info.dtype, *dims}.bytes()));
    results[info.name.c_str()] = array;
  }
  outputs_ = results;  // the memory that the context knows stays alive until it knows other memory
  run_context();
  for (const TensorInfo& info : engine_.outputs()) {
    if (results.contains(info.name.c_str())) continue;
    const TensorRef from = take(context_.output(info.name));
    void* data = nullptr;
    const nb::object array = empty_array(from.dtype, from.dims, data);
    if (from.bytes() > 0) std::memcpy(data, from.data, from.bytes());
    results[info.name.c_str()] = array;
  }
  return nb::dict(results);
}

void PyContext::release_arrays() {
  inputs_.clear();
  given_outputs_.clear();
  outputs_ = nb::dict();
}

nb::dict PyContext::outputs() const {
  if (outputs_.size() == 0) raise({StatusCode::kFailedPrecondition, "the context has not run yet"});
  return outputs_;
}

std::vector<LayerTime> PyContext::profile(int runs) {
  refuse_busy(busy_);
  if (runs < 1)
    raise({StatusCode::kInvalidArgument, "got " + std::to_string(runs) + " runs, expected at least 1"});
  context_.set_profiling(true);
  for (int i = 0; i < runs; ++i) run();
  context_.set_profiling(false);
  return context_.layer_times();
}

size_t PyContext::memory_bytes() {
  refuse_busy(busy_);
  return take(context_.memory_bytes());
}

void bind_context(nb::module_& m) {
  nb::class_<LayerTime>(m, "LayerTime", "Time of one layer, summed over the profiled runs.")
      .def_ro("name", &LayerTime::name)
      .def("__repr__", &repr)
      .def_ro("op", &LayerTime::op, "The kernel family; 'eval' is the reference kernel.")
      .def_ro("kernel", &LayerTime::kernel)
      .def_ro("seconds", &LayerTime::seconds, "Of all profiled runs together.")
      .def_ro("runs", &LayerTime::runs)
      .def_ro("flops", &LayerTime::flops, "Floating-point operations of one run at the opt shapes.")
      .def_ro("bytes", &LayerTime::bytes, "Bytes read and written by one run at the opt shapes.");

  nb::class_<PyContext>(m, "Context",
                        "Memory and threads for repeated runs of an engine; made by Engine.context.\n\n"
                        "One thread at a time: a call during another thread's run raises FailedPrecondition.")
      .def("set_input", &PyContext::set_input, nb::arg("name"), nb::arg("value"),
           "Data of one input for the next runs. A contiguous array is read in place, during the runs.\n\n"
           "Raises InvalidArgument for a wrong name, type or shape.")
      .def(
          "run",
          [](PyContext& c, nb::object inputs, nb::object outputs) {
            if (!inputs.is_none()) c.set_inputs(nb::cast<nb::dict>(inputs));
            if (!outputs.is_none()) c.set_outputs(nb::cast<nb::dict>(outputs));
            return c.run();
          },
          nb::arg("inputs") = nb::none(), nb::arg("outputs") = nb::none(),
          nb::sig("def run(self, inputs: dict | None = None, outputs: dict | None = None) -> dict"),
          "Runs the network: {name: array} of inputs (those left out keep their data) to {name: numpy "
          "array}.\n\n"
          "Other Python threads go on meanwhile. The results are fresh arrays of their own, but for outputs "
          "given\nhere or by set_output, which are written in place.")
      .def(
          "set_output", &PyContext::set_output, nb::arg("name"), nb::arg("value").none(),
          nb::sig("def set_output(self, name: str, value: object | None) -> None"),
          "A contiguous array that the next runs write an output to, on the CPU or the engine's GPU; None: a "
          "fresh\none in each run.")
      .def(
          "enqueue",
          [](nb::handle self, nb::object inputs, nb::object outputs, nb::object stream) {
            PyContext& c = nb::cast<PyContext&>(self);
            if (!stream.is_none()) c.set_stream(stream);
            if (!inputs.is_none()) c.set_inputs(nb::cast<nb::dict>(inputs));
            if (!outputs.is_none()) c.set_outputs(nb::cast<nb::dict>(outputs));
            return c.enqueue(self);
          },
          nb::arg("inputs") = nb::none(), nb::arg("outputs") = nb::none(), nb::arg("stream") = nb::none(),
          nb::sig(
              "def enqueue(self, inputs: dict | None = None, outputs: dict | None = None, stream: object | "
              "None = None) -> dict"),
          "Puts a run on the GPU's stream and returns before it is done. Inputs and outputs on the GPU "
          "(PyTorch, "
          "CuPy...:\nDLPack or __cuda_array_interface__) are used in place and must stay as they are until "
          "it is. "
          "Outputs that\nwere not given are DeviceArray objects over the context's own memory, which the "
          "next "
          "run overwrites.\n\nstream: as in set_stream.")
      .def("set_stream", &PyContext::set_stream, nb::arg("stream").none(),
           nb::sig("def set_stream(self, stream: object | None) -> None"),
           "A stream of the caller's for all that follows: torch.cuda.Stream, cupy.cuda.Stream or CUDA's "
           "number "
           "of it;\nNone: the context's own.")
      .def("wait_for", &PyContext::wait_for, nb::arg("event"),
           nb::sig("def wait_for(self, event: object) -> None"),
           "What is enqueued after this waits for an event of PyTorch, CuPy or CUDA.")
      .def("record", &PyContext::record, nb::arg("event"), nb::sig("def record(self, event: object) -> None"),
           "The event happens once all that was enqueued is done.")
      .def("synchronize", &PyContext::synchronize, "Waits for all that was enqueued.")
      .def_prop_ro("outputs", &PyContext::outputs, nb::sig("def outputs(self) -> dict"),
                   "The results of the last run, by name. Raises FailedPrecondition before it.")
      .def("profile", &PyContext::profile, nb::arg("runs") = 10,
           "Runs with the present inputs and gives the time of each layer, a LayerTime each, in order; times "
           "add\n"
           "up over all profiled runs of the context.")
      .def_prop_ro("memory_bytes", &PyContext::memory_bytes,
                   "Bytes of intermediate results for the present input shapes.")
      .def_prop_ro("threads", &PyContext::threads);
}

}  // namespace ingot::python
