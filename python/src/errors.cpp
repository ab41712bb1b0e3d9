// The one place where a Status becomes a Python exception.
#include "common.h"

namespace ingot::python {
namespace {

const char* exception_name(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case StatusCode::kUnsupported:
      return "Unsupported";
    case StatusCode::kNotFound:
      return "NotFound";
    case StatusCode::kCorrupt:
      return "CorruptFile";
    case StatusCode::kIoError:
      return "IoError";
    case StatusCode::kOutOfMemory:
      return "OutOfMemory";
    case StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case StatusCode::kDeviceError:
      return "DeviceError";
    case StatusCode::kCancelled:
      return "Cancelled";
    case StatusCode::kInternal:
    case StatusCode::kOk:
      break;
  }
  return "InternalError";
}

}  // namespace

void raise(const Status& status) {
  const nb::object type = nb::module_::import_("ingot.errors").attr(exception_name(status.code()));
  // Names in a damaged file need not be UTF-8.
  const std::string_view text = status.message();
  const auto message =
      nb::steal(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
  PyErr_SetObject(type.ptr(), message.ptr());
  throw nb::python_error();
}

}  // namespace ingot::python
