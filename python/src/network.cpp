// Network: networks made op by op in Python. Failures raise at the call that caused them.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "common.h"

namespace ingot::python {
namespace {

// A tensor knows its network, and keeps it alive.
struct PyTensor {
  nb::object network;
  NetworkTensor handle;
};

TensorInfo info(const PyTensor& t) { return nb::cast<const Network&>(t.network).info(t.handle); }

PyTensor wrap(nb::handle self, NetworkTensor handle) {
  check(nb::cast<const Network&>(self).status());
  return {nb::borrow(self), handle};
}

PyTensor input(nb::handle self, const std::string& name, nb::object shape, nb::object dtype) {
  std::vector<std::string> dims;
  for (nb::handle d : shape) dims.push_back(nb::cast<std::string>(nb::str(d)));
  return wrap(self, nb::cast<Network&>(self).input(name, parse_dtype(dtype), dims));
}

PyTensor constant(nb::handle self, nb::handle value, const std::string& name) {
  nb::object array = nb::borrow(value);
  // Numbers and lists are float32, or int64 where they are whole, as the ops expect them.
  if (!nb::ndarray_check(value) && !nb::hasattr(value, "dtype")) {
    const nb::module_ numpy = nb::module_::import_("numpy");
    array = numpy.attr("asarray")(value);
    if (nb::cast<std::string>(array.attr("dtype").attr("kind")) == "f")
      array = array.attr("astype")("float32");
  }
  const nb::object name_of_type = nb::getattr(nb::getattr(array, "dtype", nb::none()), "name", nb::none());
  const DataType type =
      nb::isinstance<nb::str>(name_of_type) ? parse_dtype(name_of_type) : DataType::kInvalid;
  const BorrowedArray elements = host_array(array, type, "constant '" + name + "'");
  return wrap(self, nb::cast<Network&>(self).constant(elements.ref, name));
}

NetworkAttr attribute(const std::string& name, nb::handle value) {
  if (nb::isinstance<nb::bool_>(value)) return static_cast<int64_t>(nb::cast<bool>(value));
  if (nb::isinstance<nb::int_>(value)) return nb::cast<int64_t>(value);
  if (nb::isinstance<nb::float_>(value)) return nb::cast<float>(value);
  if (nb::isinstance<nb::str>(value)) return nb::cast<std::string>(value);
  if (std::vector<int64_t> ints; nb::try_cast(value, ints)) return ints;
  if (std::vector<float> floats; nb::try_cast(value, floats)) return floats;
  if (std::vector<std::string> strings; nb::try_cast(value, strings)) return strings;
  raise({StatusCode::kInvalidArgument, "attribute '" + name + "': got " +
                                           nb::cast<std::string>(nb::repr(value)) +
                                           ", expected a number, text, or a list of them"});
}

std::vector<PyTensor> add(nb::handle self, const std::string& op, nb::object inputs, int num_outputs,
                          const std::string& name, nb::kwargs attrs) {
  std::vector<NetworkTensor> handles;
  for (nb::handle x : inputs) {
    if (x.is_none()) {
      handles.emplace_back();
      continue;
    }
    PyTensor* t = nullptr;
    if (!nb::try_cast(x, t) || t == nullptr)
      raise({StatusCode::kInvalidArgument,
             "node '" + name + "' (" + op + "): inputs are tensors of the network or None"});
    if (!t->network.is(self))
      raise(
          {StatusCode::kInvalidArgument, "node '" + name + "' (" + op + "): an input is of another network"});
    handles.push_back(t->handle);
  }
  std::map<std::string, NetworkAttr> converted;
  for (const auto& [key, value] : attrs) {
    const auto text = nb::cast<std::string>(key);
    converted[text] = attribute(text, value);
  }
  if (num_outputs < 1) raise({StatusCode::kInvalidArgument, "a node has at least one output"});
  std::vector<PyTensor> out;
  for (const NetworkTensor& t : nb::cast<Network&>(self).add(op, handles, converted, num_outputs, name))
    out.push_back(wrap(self, t));
  return out;
}

}  // namespace

void bind_network(nb::module_& m) {
  nb::class_<PyTensor>(m, "NetworkTensor", "A value of a Network.")
      .def_prop_ro("name", [](const PyTensor& t) { return info(t).name; })
      .def_prop_ro("dtype", [](const PyTensor& t) { return numpy_name(info(t).dtype); })
      .def_prop_ro(
          "shape", [](const PyTensor& t) { return shape_of(info(t)); },
          nb::sig("def shape(self) -> tuple[int | str, ...] | None"),
          "As far as it follows from the inputs.");

  nb::class_<Network>(
      m, "Network",
      "A network in the making, op by op. Ops have the names, inputs and attributes of ONNX's newest\n"
      "operators.\n\nAfter an error the network is of no use any more.")
      .def(nb::init<std::string>(), nb::arg("name") = "network")
      .def("input", &input, nb::arg("name"), nb::arg("shape"), nb::arg("dtype") = "float32",
           nb::sig("def input(self, name: str, shape: tuple[int | str, ...] | list[int | str], dtype: object "
                   "= 'float32') -> NetworkTensor"),
           "Dims are numbers, or names for those that are open.")
      .def("constant", &constant, nb::arg("value"), nb::arg("name") = "",
           "An array, a number or a list; the elements are copied. Numbers become float32 or int64.")
      .def(
          "op",
          [](nb::handle self, const std::string& op, nb::object inputs, const std::string& name,
             nb::kwargs attrs) {
            return add(self, op, std::move(inputs), 1, name, std::move(attrs)).front();
          },
          nb::arg("op"), nb::arg("inputs"), nb::arg("name") = "", nb::arg("attrs"),
          nb::sig("def op(self, op: str, inputs: list[NetworkTensor | None], name: str = '', **attrs) -> "
                  "NetworkTensor"),
          "One node, and its first output. None stands for an optional input that is not given.")
      .def("add", &add, nb::arg("op"), nb::arg("inputs"), nb::arg("num_outputs") = 1, nb::arg("name") = "",
           nb::arg("attrs"),
           nb::sig("def add(self, op: str, inputs: list[NetworkTensor | None], num_outputs: int = 1, name: "
                   "str = '', **attrs) -> list[NetworkTensor]"),
           "One node, and all of its outputs.")
      .def(
          "output",
          [](nb::handle self, const PyTensor& tensor, const std::string& name) {
            if (!tensor.network.is(self))
              raise({StatusCode::kInvalidArgument, "output '" + name + "' is of another network"});
            auto& network = nb::cast<Network&>(self);
            network.output(tensor.handle, name);
            check(network.status());
          },
          nb::arg("tensor"), nb::arg("name"), "Makes a tensor an output under this name.");
}

}  // namespace ingot::python
