// Arrays in and out, without copies where the elements are contiguous.
#include <nanobind/stl/string.h>

#include "common.h"

namespace ingot::python {
namespace {

struct Name {
  DataType type;
  const char* numpy;  // what NumPy (or ml_dtypes) calls it
  const char* bits;   // the type that carries its bits where NumPy has none, or null
};
constexpr Name kNames[] = {
    {DataType::kF32, "float32", nullptr},
    {DataType::kF16, "float16", nullptr},
    {DataType::kBF16, "bfloat16", "uint16"},
    {DataType::kF64, "float64", nullptr},
    {DataType::kI8, "int8", nullptr},
    {DataType::kU8, "uint8", nullptr},
    {DataType::kI16, "int16", nullptr},
    {DataType::kU16, "uint16", nullptr},
    {DataType::kI32, "int32", nullptr},
    {DataType::kU32, "uint32", nullptr},
    {DataType::kI64, "int64", nullptr},
    {DataType::kU64, "uint64", nullptr},
    {DataType::kBool, "bool", nullptr},
    {DataType::kF8E4M3, "float8_e4m3fn", "uint8"},
    {DataType::kF8E5M2, "float8_e5m2", "uint8"},
    {DataType::kI4, "int4", nullptr},
    {DataType::kU4, "uint4", nullptr},
};

const Name& name_of(DataType type) {
  for (const Name& n : kNames)
    if (n.type == type) return n;
  raise({StatusCode::kInternal, "a tensor without an element type"});
}

DataType find_type(std::string_view numpy) {
  for (const Name& n : kNames)
    if (numpy == n.numpy) return n.type;
  return DataType::kInvalid;
}

nb::module_& numpy() {
  static auto* module = new nb::module_(nb::module_::import_("numpy"));  // lives as long as the process
  return *module;
}

// The type of ml_dtypes, or null where the package is not there.
nb::object extra_dtype(const char* name) {
  try {
    return nb::module_::import_("ml_dtypes").attr(name);
  } catch (nb::python_error&) {
    return {};
  }
}

std::string dtype_name(nb::handle value) {
  const nb::object name = nb::getattr(nb::getattr(value, "dtype", nb::none()), "name", nb::none());
  return nb::isinstance<nb::str>(name) ? nb::cast<std::string>(name) : "";
}

// What an array's elements are, from DLPack's words.
DataType type_of(nb::dlpack::dtype type) {
  using Code = nb::dlpack::dtype_code;
  const auto code = static_cast<Code>(type.code);
  for (const Name& n : kNames) {
    const bool is_float = n.type == DataType::kF32 || n.type == DataType::kF16 || n.type == DataType::kF64;
    const Code wanted = n.type == DataType::kBF16   ? Code::Bfloat
                        : n.type == DataType::kBool ? Code::Bool
                        : is_float                  ? Code::Float
                        : n.numpy[0] == 'u'         ? Code::UInt
                                                    : Code::Int;
    if (n.numpy[0] == 'f' && !is_float) continue;  // FP8 has no code of its own here
    if (type.lanes == 1 && code == wanted && type.bits == bit_width(n.type)) return n.type;
  }
  return DataType::kInvalid;
}

}  // namespace

const char* numpy_name(DataType type) { return name_of(type).numpy; }

DataType parse_dtype(nb::handle dtype) {
  std::string name;
  if (nb::isinstance<nb::str>(dtype)) {
    name = nb::cast<std::string>(dtype);
  } else {
    const nb::object text = nb::getattr(dtype, "name", nb::getattr(dtype, "__name__", nb::none()));
    if (nb::isinstance<nb::str>(text)) name = nb::cast<std::string>(text);
  }
  DataType type = find_type(name);
  if (type == DataType::kInvalid) type = parse_data_type(name);
  if (type == DataType::kInvalid)
    raise({StatusCode::kInvalidArgument, "'" + nb::cast<std::string>(nb::str(dtype)) +
                                             "' is not an element type, expected one such as 'float32'"});
  return type;
}

nb::object empty_array(DataType type, const Dims& dims, void*& data) {
  const Name& name = name_of(type);
  if (bit_width(type) < 8)
    raise({StatusCode::kUnsupported, std::string("NumPy has no arrays of type ") + name.numpy});
  PyObject* shape = PyTuple_New(static_cast<Py_ssize_t>(dims.size()));
  for (size_t i = 0; i < dims.size(); ++i)
    PyTuple_SetItem(shape, static_cast<Py_ssize_t>(i), PyLong_FromLongLong(dims[i]));
  nb::object array = numpy().attr("empty")(nb::steal(shape), name.bits != nullptr ? name.bits : name.numpy);
  Py_buffer buffer;
  if (PyObject_GetBuffer(array.ptr(), &buffer, PyBUF_WRITABLE) != 0) throw nb::python_error();
  data = buffer.buf;  // the array itself keeps its memory; nobody else knows it yet
  PyBuffer_Release(&buffer);
  if (name.bits != nullptr)
    if (const nb::object extra = extra_dtype(name.numpy); extra.is_valid()) return array.attr("view")(extra);
  return array;
}

InputArray input_array(nb::handle value, DataType expected, const std::string& what) {
  nb::object object = nb::borrow(value);
  const Name& name = name_of(expected);
  const std::string given = dtype_name(value);
  // NumPy has no such type itself: ml_dtypes' arrays, or the bits.
  if (value.is_none())
    raise({StatusCode::kInvalidArgument, what + ": got None, expected an array of " + name.numpy});
  const bool bits = name.bits != nullptr && (given == name.numpy || given == name.bits);
  if (given == name.numpy && name.bits != nullptr)
    object = numpy().attr("ascontiguousarray")(object).attr("view")(name.bits);
  if (given.empty() && !nb::ndarray_check(value)) try {
      object = numpy().attr("asarray")(object, name.bits != nullptr ? name.bits : name.numpy);
    } catch (nb::python_error& e) {
      raise({StatusCode::kInvalidArgument, what + ": " + e.what()});
    }
  AnyArray array;
  if (!nb::try_cast(object, array))
    raise({StatusCode::kInvalidArgument,
           what + ": got " +
               nb::cast<std::string>(
                   nb::str(nb::getattr(nb::getattr(value, "dtype", value.type()), "name", value.type()))) +
               ", expected an array of " + name.numpy});
  InputArray out;
  const DataType type = type_of(array.dtype());
  out.ref.dtype = bits ? expected : type;
  if (out.ref.dtype != expected && expected != DataType::kInvalid)
    raise({StatusCode::kInvalidArgument, what + ": got an array of " +
                                             (given.empty() ? std::string("another type") : given) +
                                             ", expected " + name.numpy});
  for (size_t i = 0; i < array.ndim(); ++i) out.ref.dims.push_back(static_cast<int64_t>(array.shape(i)));
  out.ref.data = const_cast<void*>(array.data());
  out.owner = std::move(array);
  return out;
}

nb::object shape_of(const TensorInfo& info) {
  if (!info.ranked) return nb::none();
  nb::list dims;
  for (const std::string& d : info.dims) {
    const bool number = !d.empty() && d.find_first_not_of("0123456789") == std::string::npos;
    if (number)
      dims.append(std::stoll(d));
    else
      dims.append(d);
  }
  return nb::tuple(dims);
}

}  // namespace ingot::python
