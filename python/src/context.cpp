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

DataType input_type(const Engine& engine, const std::string& name) {
  for (const TensorInfo& info : engine.inputs())
    if (info.name == name) return info.dtype;
  return DataType::kInvalid;  // Context::set_input says which names there are
}

}  // namespace

PyContext::PyContext(Engine engine, int threads)
    : engine_(std::move(engine)), context_(take(engine_.context(threads))) {}

void PyContext::set_input(const std::string& name, nb::handle value) {
  refuse_busy(busy_);
  const DataType expected = input_type(engine_, name);
  if (expected == DataType::kInvalid) check(context_.set_input(name, {DataType::kF32, {}, nullptr}));
  InputArray array = input_array(value, expected, "input '" + name + "'");
  check(context_.set_input(name, array.ref));
  inputs_.insert_or_assign(name, std::move(array.owner));
}

void PyContext::set_inputs(nb::dict inputs) {
  for (const auto& [name, value] : inputs) {
    if (!nb::isinstance<nb::str>(name))
      raise({StatusCode::kInvalidArgument, "inputs are given as {name: array}"});
    set_input(nb::cast<std::string>(name), value);
  }
}

void PyContext::run_context() {
  Status status;
  {
    const Busy busy(busy_);
    nb::gil_scoped_release release;
    status = context_.run();
  }
  check(status);
}

nb::dict PyContext::run() {
  refuse_busy(busy_);
  nb::dict results;
  for (const TensorInfo& info : engine_.outputs()) {
    const auto dims = context_.output_shape(info.name);
    if (!dims.ok() && dims.status().code() != StatusCode::kFailedPrecondition) raise(dims.status());
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
          [](PyContext& c, nb::object inputs) {
            if (!inputs.is_none()) c.set_inputs(nb::cast<nb::dict>(inputs));
            return c.run();
          },
          nb::arg("inputs") = nb::none(), nb::sig("def run(self, inputs: dict | None = None) -> dict"),
          "Runs the network: {name: array} of inputs (those left out keep their data) to {name: numpy "
          "array}.\n\n"
          "Other Python threads go on meanwhile. The results are fresh arrays of their own.")
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
