// Engine: an optimized network in Python.
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "common.h"

namespace ingot::python {
namespace {

nb::object parse_json(const std::string& text) { return nb::module_::import_("json").attr("loads")(text); }

nb::bytes serialize(const Engine& engine) {
  std::vector<std::byte> bytes;
  {
    nb::gil_scoped_release release;
    bytes = engine.serialize();
  }
  return nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void save(const Engine& engine, nb::object path) {
  const auto name = nb::cast<std::string>(nb::module_::import_("os").attr("fspath")(path));
  Status status;
  {
    nb::gil_scoped_release release;
    status = engine.save(name);
  }
  check(status);
}

// Each call has a context of its own, so that any number of threads may run the engine.
nb::dict run(const Engine& engine, nb::dict inputs) {
  PyContext context(engine, 0);
  context.set_inputs(inputs);
  return context.run();
}

std::string repr(const TensorInfo& info) {
  return "TensorInfo(name=" + nb::cast<std::string>(nb::repr(nb::cast(info.name))) + ", dtype='" +
         numpy_name(info.dtype) + "', shape=" + nb::cast<std::string>(nb::repr(shape_of(info))) + ")";
}

}  // namespace

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

  nb::class_<Engine>(m, "Engine",
                     "An optimized network: immutable, and safe to use from any thread.\n\nMade by "
                     "ingot.build and ingot.load.")
      .def_prop_ro("inputs", &Engine::inputs, "TensorInfo of each input, in the model's order.")
      .def_prop_ro("outputs", &Engine::outputs, "TensorInfo of each output, in the model's order.")
      .def("save", &save, nb::arg("path"), nb::sig("def save(self, path: str | os.PathLike) -> None"),
           "Writes one file. What stood at `path` survives a failure. Raises IoError.")
      .def("serialize", &serialize, "The bytes that save() would write.")
      .def("run", &run, nb::arg("inputs"), nb::sig("def run(self, inputs: dict) -> dict"),
           "Runs once: {name: array} of all inputs to {name: numpy array} of all outputs.\n\n"
           "Arrays are read in place where they are contiguous. For repeated runs a context saves the set-up "
           "of\n"
           "each call. Raises InvalidArgument for a wrong name, type or shape, FailedPrecondition for an "
           "input\n"
           "that is missing.")
      .def(
          "context",
          [](const Engine& engine, int threads) { return std::make_unique<PyContext>(engine, threads); },
          nb::arg("threads") = 0,
          "Memory and threads for repeated runs, one for each Python thread; threads=0: as tuned for.")
      .def(
          "why", [](const Engine& engine, const std::string& layer) { return take(engine.why(layer)); },
          nb::arg("layer"),
          "The kernels considered for a layer, and why others were not, as text. Raises NotFound.")
      .def_prop_ro(
          "report", [](const Engine& engine) { return parse_json(engine.report_json()); },
          nb::sig("def report(self) -> dict"),
          "What was built and why: layers before and after fusion, kernels, memory in bytes, times in "
          "seconds.")
      .def_prop_ro("graph", &Engine::graph_text, "The optimized graph as text.")
      .def_prop_ro("warnings", &Engine::warnings,
                   "What the build or the load has to say, such as a plan made anew.");
}

}  // namespace ingot::python
