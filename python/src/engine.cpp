// Engine: an optimized network in Python.
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "common.h"

namespace ingot::python {
namespace {

nb::object parse_json(const std::string& text) { return nb::module_::import_("json").attr("loads")(text); }

nb::bytes serialize(const PyEngine& e) {
  std::vector<std::byte> bytes;
  {
    nb::gil_scoped_release release;
    bytes = e.engine().serialize();
  }
  return nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void save(const PyEngine& e, nb::object path) {
  const auto name = nb::cast<std::string>(nb::module_::import_("os").attr("fspath")(path));
  Status status;
  {
    nb::gil_scoped_release release;
    status = e.engine().save(name);
  }
  check(status);
}

std::string repr(const TensorInfo& info) {
  return "TensorInfo(name=" + nb::cast<std::string>(nb::repr(nb::cast(info.name))) + ", dtype='" +
         numpy_name(info.dtype) + "', shape=" + nb::cast<std::string>(nb::repr(shape_of(info))) + ")";
}

std::unique_ptr<PyEngine> refit(const PyEngine& e, nb::dict weights) {
  std::map<std::string, TensorRef> refs;
  std::vector<BorrowedArray> arrays;  // keep the elements alive
  for (const auto& [key, value] : weights) {
    const auto name = nb::cast<std::string>(key);
    arrays.push_back(host_array(value, DataType::kF32, "weight '" + name + "'"));
    refs[name] = arrays.back().ref;
  }
  Result<Engine> made = Status();
  {
    nb::gil_scoped_release release;
    made = e.engine().refit(refs);
  }
  return std::make_unique<PyEngine>(take(std::move(made)));
}

}  // namespace

nb::dict PyEngine::run(nb::dict inputs) {
  for (const TensorInfo& info : engine_.inputs())
    if (!inputs.contains(info.name.c_str()))
      raise({StatusCode::kInvalidArgument, "input '" + info.name + "' is not given"});
  std::unique_ptr<PyContext> context;
  if (idle_.empty()) {
    context = std::make_unique<PyContext>(engine_, 0);
  } else {
    context = std::move(idle_.back());
    idle_.pop_back();
  }
  context->set_inputs(inputs);
  nb::dict results = context->run();
  // Not after a failure: such a context is left to go.
  context->release_arrays();
  idle_.push_back(std::move(context));
  return results;
}

void bind_engine(nb::module_& m) {
  nb::class_<TensorInfo>(m, "TensorInfo", "An input or output of an engine.")
      .def_ro("name", &TensorInfo::name)
      .def_prop_ro(
          "dtype", [](const TensorInfo& i) { return numpy_name(i.dtype); },
          "NumPy's name of the element type, such as 'float32'.")
      .def_prop_ro(
          "shape", &shape_of, nb::sig("def shape(self) -> tuple[int | str, ...] | None"),
          "Dims: numbers, and text for those that are open; None where not even their count is known.")
      .def("__repr__", &repr);

  nb::class_<PyEngine>(m, "Engine",
                       "An optimized network: immutable, and safe to use from any thread.\n\nMade by "
                       "ingot.build and ingot.load.")
      .def_prop_ro(
          "inputs", [](const PyEngine& e) { return e.engine().inputs(); },
          "TensorInfo of each input, in the model's order.")
      .def_prop_ro(
          "outputs", [](const PyEngine& e) { return e.engine().outputs(); },
          "TensorInfo of each output, in the model's order.")
      .def("save", &save, nb::arg("path"), nb::sig("def save(self, path: str | os.PathLike) -> None"),
           "Writes one file. What stood at `path` survives a failure. Raises IoError.")
      .def("serialize", &serialize, "The bytes that save() would write.")
      .def(
          "check_weights",
          [](const PyEngine& e) {
            Status status;
            {
              nb::gil_scoped_release release;
              status = e.engine().check_weights();
            }
            check(status);
          },
          "Reads all weights and compares their checksums, which load() leaves out. Raises CorruptFile.")
      .def("run", &PyEngine::run, nb::arg("inputs"), nb::sig("def run(self, inputs: dict) -> dict"),
           "Runs once: {name: array} of all inputs to {name: numpy array} of all outputs.\n\n"
           "Arrays are read in place where they are contiguous. For repeated runs a context saves the set-up "
           "of\n"
           "each call. Raises InvalidArgument for a wrong name, type or shape, FailedPrecondition for an "
           "input\n"
           "that is missing.")
      .def(
          "context",
          [](const PyEngine& e, int threads) { return std::make_unique<PyContext>(e.engine(), threads); },
          nb::arg("threads") = 0,
          "Memory and threads for repeated runs, one for each Python thread; threads=0: as tuned for.")
      .def_prop_ro(
          "metadata", [](const PyEngine& e) { return e.engine().metadata(); },
          "Text that was given to build() to be kept with the engine.")
      .def_prop_ro(
          "weights", [](const PyEngine& e) { return take(e.engine().weights()); },
          "TensorInfo of each constant of the network that a refittable engine was built from.\n\n"
          "Raises FailedPrecondition for other engines.")
      .def(
          "refit", &refit, nb::arg("weights"), nb::sig("def refit(self, weights: dict) -> Engine"),
          "A new engine with these weights, {name: array}, in place of those of the same names.\n\n"
          "It has the same kernels; what depends on the weights is made anew. Raises FailedPrecondition for\n"
          "an engine that was not built refittable, InvalidArgument for a name, type or shape.")
      .def(
          "why", [](const PyEngine& e, const std::string& layer) { return take(e.engine().why(layer)); },
          nb::arg("layer"),
          "The kernels considered for a layer, what each took when they were timed, and why others were "
          "left\n"
          "out, as text. Raises NotFound.")
      .def_prop_ro(
          "report", [](const PyEngine& e) { return parse_json(e.engine().report_json()); },
          nb::sig("def report(self) -> dict"),
          "What was built and why: layers before and after fusion, kernels, memory in bytes, times in "
          "seconds.")
      .def_prop_ro(
          "graph", [](const PyEngine& e) { return e.engine().graph_text(); }, "The optimized graph as text.")
      .def_prop_ro(
          "warnings", [](const PyEngine& e) { return e.engine().warnings(); },
          "What the build or the load has to say, such as a plan made anew.");
}

}  // namespace ingot::python
