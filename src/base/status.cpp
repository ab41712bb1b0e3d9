#include "base/status.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace ingot {

std::string_view status_code_name(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kCorrupt:
      return "corrupt data";
    case StatusCode::kIoError:
      return "I/O error";
    case StatusCode::kOutOfMemory:
      return "out of memory";
    case StatusCode::kFailedPrecondition:
      return "failed precondition";
    case StatusCode::kDeviceError:
      return "device error";
    case StatusCode::kInternal:
      return "internal error";
    case StatusCode::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string Status::to_string() const { return ok() ? "ok" : str(status_code_name(code()), ": ", message()); }

Status Status::with_context(std::string_view context) const {
  return ok() ? Status() : Status(code(), str(context, ": ", message()));
}

void MessagePart::print_text(std::ostream& out, const void* text) { out << static_cast<const char*>(text); }

std::string concat(std::initializer_list<MessagePart> parts) {
  std::ostringstream out;
  for (const MessagePart& part : parts) part.print_(out, part.value_);
  return std::move(out).str();
}

Status failure(StatusCode code, std::initializer_list<MessagePart> message) {
  return {code, concat(message)};
}

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace ingot
