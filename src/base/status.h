// Internal helpers around ingot/status.h: message building, early returns, checks for our own bugs.
#pragma once

#include <sstream>

#include "ingot/status.h"

namespace ingot {

/// Concatenates anything streamable; used to build messages.
template <class... Args>
std::string str(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return std::move(out).str();
}

template <class... Args>
Status invalid_argument(const Args&... args) {
  return {StatusCode::kInvalidArgument, str(args...)};
}
template <class... Args>
Status unsupported(const Args&... args) {
  return {StatusCode::kUnsupported, str(args...)};
}
template <class... Args>
Status not_found(const Args&... args) {
  return {StatusCode::kNotFound, str(args...)};
}
template <class... Args>
Status corrupt(const Args&... args) {
  return {StatusCode::kCorrupt, str(args...)};
}
template <class... Args>
Status io_error(const Args&... args) {
  return {StatusCode::kIoError, str(args...)};
}
template <class... Args>
Status out_of_memory(const Args&... args) {
  return {StatusCode::kOutOfMemory, str(args...)};
}
template <class... Args>
Status failed_precondition(const Args&... args) {
  return {StatusCode::kFailedPrecondition, str(args...)};
}
template <class... Args>
Status internal_error(const Args&... args) {
  return {StatusCode::kInternal, str(args...)};
}

[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace ingot

#define INGOT_RETURN_IF_ERROR(expr)                                      \
  do {                                                                   \
    if (::ingot::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)

#define INGOT_CONCAT_INNER(a, b) a##b
#define INGOT_CONCAT(a, b) INGOT_CONCAT_INNER(a, b)
#define INGOT_ASSIGN_OR_RETURN(lhs, expr) \
  INGOT_ASSIGN_OR_RETURN_IMPL(INGOT_CONCAT(result_, __LINE__), lhs, expr)
#define INGOT_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                                \
  if (!tmp.ok()) return tmp.status();               \
  lhs = std::move(tmp).value()

// For our own bugs only: never reachable from a file, a user or a device.
#define INGOT_CHECK(cond) ((cond) ? (void)0 : ::ingot::check_failed(__FILE__, __LINE__, #cond))
