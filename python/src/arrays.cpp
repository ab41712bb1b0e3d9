// Arrays in and out, without copies where the elements are contiguous.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

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

nb::dlpack::dtype dlpack_type(DataType type) {
  using Code = nb::dlpack::dtype_code;
  const char* const numpy = name_of(type).numpy;
  const Code code = type == DataType::kBF16   ? Code::Bfloat
                    : type == DataType::kBool ? Code::Bool
                    : numpy[0] == 'f'         ? Code::Float
                    : numpy[0] == 'u'         ? Code::UInt
                                              : Code::Int;
  if (code == Code::Float && bit_width(type) < 16)
    raise({StatusCode::kUnsupported, std::string("DLPack has no ") + numpy + " here"});
  return {static_cast<uint8_t>(code), static_cast<uint8_t>(bit_width(type)), 1};
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

namespace {

std::string type_text(nb::handle value) {
  return nb::cast<std::string>(
      nb::str(nb::getattr(nb::getattr(value, "dtype", value.type()), "name", value.type())));
}

[[noreturn]] void refuse(const std::string& what, const std::string& got, DataType expected) {
  raise({StatusCode::kInvalidArgument,
         what + ": got " + got + ", expected an array of " + numpy_name(expected)});
}

// What only has __cuda_array_interface__
// (https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html).
BorrowedArray from_cuda_interface(nb::handle value, DataType expected, const std::string& what, bool writes) {
  const nb::dict interface = nb::cast<nb::dict>(nb::getattr(value, "__cuda_array_interface__"));
  const nb::tuple data = nb::cast<nb::tuple>(interface["data"]);
  const auto text = nb::cast<std::string>(interface["typestr"]);
  BorrowedArray out;
  for (const nb::handle d : nb::cast<nb::tuple>(interface["shape"]))
    out.ref.dims.push_back(nb::cast<int64_t>(d));
  out.ref.dtype = find_type(nb::cast<std::string>(numpy().attr("dtype")(text).attr("name")));
  if (out.ref.dtype != expected) refuse(what, "elements of " + text, expected);
  if (writes && nb::cast<bool>(data[1])) refuse(what, "an array that is read-only", expected);
  if (interface.contains("strides") && !interface["strides"].is_none()) {
    auto step = static_cast<int64_t>(byte_size(expected, 1));
    const nb::tuple strides = nb::cast<nb::tuple>(interface["strides"]);
    for (size_t d = out.ref.dims.size(); d-- > 0; step *= out.ref.dims[d])
      if (out.ref.dims[d] > 1 && nb::cast<int64_t>(strides[d]) != step)
        refuse(what, "an array that is not contiguous", expected);
  }
  out.ref.data = reinterpret_cast<void*>(nb::cast<uintptr_t>(data[0]));
  out.on_gpu = true;
  out.object = nb::borrow(value);
  return out;
}

template <class Array>
BorrowedArray from_array(const Array& array, DataType type, nb::object object) {
  BorrowedArray out;
  out.ref.dtype = type;
  for (size_t i = 0; i < array.ndim(); ++i) out.ref.dims.push_back(static_cast<int64_t>(array.shape(i)));
  out.ref.data = const_cast<void*>(static_cast<const void*>(array.data()));
  out.on_gpu = array.device_type() == nb::device::cuda::value;
  out.owner = nb::ndarray<>(array);
  out.object = std::move(object);
  return out;
}

bool only_cuda_interface(nb::handle value) {
  return nb::hasattr(value, "__cuda_array_interface__") && !nb::hasattr(value, "__dlpack__");
}

}  // namespace

BorrowedArray input_array(nb::handle value, DataType expected, const std::string& what) {
  if (expected == DataType::kInvalid) expected = parse_dtype(numpy().attr("asarray")(value).attr("dtype"));
  if (only_cuda_interface(value)) return from_cuda_interface(value, expected, what, false);
  nb::object object = nb::borrow(value);
  const Name& name = name_of(expected);
  const std::string given = dtype_name(value);
  // NumPy has no such type itself: ml_dtypes' arrays, or the bits.
  if (value.is_none()) refuse(what, "None", expected);
  const bool bits = name.bits != nullptr && (given == name.numpy || given == name.bits);
  if (given == name.numpy && name.bits != nullptr)
    object = numpy().attr("ascontiguousarray")(object).attr("view")(name.bits);
  if (given.empty() && !nb::ndarray_check(value)) try {
      object = numpy().attr("asarray")(object, name.bits != nullptr ? name.bits : name.numpy);
    } catch (nb::python_error& e) {
      raise({StatusCode::kInvalidArgument, what + ": " + e.what()});
    }
  nb::ndarray<nb::ro, nb::c_contig> array;
  if (!nb::try_cast(object, array)) refuse(what, type_text(value), expected);
  const DataType type = bits ? expected : type_of(array.dtype());
  if (type != expected)
    refuse(what, "an array of " + (given.empty() ? std::string("another type") : given), expected);
  return from_array(array, type, std::move(object));
}

BorrowedArray host_array(nb::handle value, DataType expected, const std::string& what) {
  BorrowedArray array = input_array(value, expected, what);
  if (array.on_gpu)
    raise({StatusCode::kInvalidArgument,
           what + ": the array lies on a GPU, expected one in the host's memory"});
  return array;
}

BorrowedArray output_array(nb::handle value, DataType expected, const std::string& what) {
  if (only_cuda_interface(value)) return from_cuda_interface(value, expected, what, true);
  const Name& name = name_of(expected);
  const std::string given = dtype_name(value);
  const bool bits = name.bits != nullptr && (given == name.numpy || given == name.bits);
  nb::object object = nb::borrow(value);
  if (given == name.numpy && name.bits != nullptr) object = object.attr("view")(name.bits);
  nb::ndarray<nb::c_contig> array;
  if (!nb::try_cast(object, array, false))
    refuse(what, type_text(value) + ", not contiguous or not to be written", expected);
  if (!bits && type_of(array.dtype()) != expected) refuse(what, "an array of " + type_text(value), expected);
  return from_array(array, expected, nb::borrow(value));
}

void* handle_of(nb::handle value, const char* torch_name) {
  nb::object number = nb::borrow(value);
  for (const char* name : {torch_name, "ptr"})
    if (nb::hasattr(value, name)) {
      number = nb::getattr(value, name);
      break;
    }
  if (nb::hasattr(value, "__cuda_stream__")) number = nb::getattr(value, "__cuda_stream__")()[1];
  uintptr_t handle = 0;
  if (!nb::try_cast(number, handle))
    raise({StatusCode::kInvalidArgument, "got " + type_text(value) +
                                             ", expected a stream or event of CUDA: a "
                                             "number, or an object of PyTorch or CuPy"});
  return reinterpret_cast<void*>(handle);
}

void bind_device_array(nb::module_& m) {
  nb::class_<DeviceArray>(
      m, "DeviceArray",
      "An output in the GPU's memory. torch.from_dlpack(array), cupy.asarray(array) and the "
      "like\nwork on it without a copy, after the stream that writes it.")
      .def_prop_ro(
          "shape", [](const DeviceArray& a) { return nb::tuple(nb::cast(a.ref.dims)); },
          nb::sig("def shape(self) -> tuple[int, ...]"))
      .def_prop_ro("dtype", [](const DeviceArray& a) { return numpy_name(a.ref.dtype); })
      .def_prop_ro("__cuda_array_interface__",
                   [](const DeviceArray& a) {
                     const Name& name = name_of(a.ref.dtype);
                     if (name.bits != nullptr)
                       raise({StatusCode::kUnsupported,
                              std::string("the CUDA array interface has no ") + name.numpy + ": use DLPack"});
                     nb::dict out;
                     out["shape"] = nb::tuple(nb::cast(a.ref.dims));
                     out["typestr"] = numpy().attr("dtype")(name.numpy).attr("str");
                     out["data"] = nb::make_tuple(reinterpret_cast<uintptr_t>(a.ref.data), false);
                     out["version"] = 3;
                     out["strides"] = nb::none();
                     return out;
                   })
      .def("__dlpack_device__", [](const DeviceArray&) { return nb::make_tuple(nb::device::cuda::value, 0); })
      .def(
          "__dlpack__",
          [](const DeviceArray& a, const nb::kwargs&) {
            const std::vector<size_t> shape(a.ref.dims.begin(), a.ref.dims.end());
            const nb::dlpack::dtype type = dlpack_type(a.ref.dtype);
            const nb::ndarray<> array(a.ref.data, shape.size(), shape.data(), a.keeper, nullptr, type,
                                      nb::device::cuda::value, 0);
            return nb::cast(array);  // a capsule, as of no library's own
          },
          nb::sig("def __dlpack__(self, **kwargs) -> object"));
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
