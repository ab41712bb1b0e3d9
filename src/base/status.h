// Internal helpers around ingot/status.h: message building, early returns, checks for our own bugs.
#pragma once

#include <initializer_list>
#include <ostream>

#include "ingot/status.h"

namespace ingot {

/// One part of a message: anything that can be streamed. Only its address is taken, so that the code of a
/// message is small where it is used; the work is done out of line.
class MessagePart {
 public:
  template <class T>
  MessagePart(const T& value) : value_(&value), print_(print<T>) {}  // NOLINT: implicit by design
  template <size_t n>
  MessagePart(const char (&text)[n]) : value_(text), print_(print_text) {}  // NOLINT

 private:
  friend std::string concat(std::initializer_list<MessagePart> parts);
  template <class T>
  static void print(std::ostream& out, const void* value) {
    out << *static_cast<const T*>(value);
  }
  static void print_text(std::ostream& out, const void* text);

  const void* value_;
  void (*print_)(std::ostream&, const void*);
};
std::string concat(std::initializer_list<MessagePart> parts);
/// Cold, and so is every branch that ends in it.
[[gnu::cold]] Status failure(StatusCode code, std::initializer_list<MessagePart> message);

/// Concatenates anything streamable; used to build messages.
template <class... Args>
std::string str(const Args&... args) {
  return concat({args...});
}

template <class... Args>
Status invalid_argument(const Args&... args) {
  return failure(StatusCode::kInvalidArgument, {args...});
}
template <class... Args>
Status unsupported(const Args&... args) {
  return failure(StatusCode::kUnsupported, {args...});
}
template <class... Args>
Status not_found(const Args&... args) {
  return failure(StatusCode::kNotFound, {args...});
}
template <class... Args>
Status corrupt(const Args&... args) {
  return failure(StatusCode::kCorrupt, {args...});
}
template <class... Args>
Status io_error(const Args&... args) {
  return failure(StatusCode::kIoError, {args...});
}
template <class... Args>
Status out_of_memory(const Args&... args) {
  return failure(StatusCode::kOutOfMemory, {args...});
}
template <class... Args>
Status failed_precondition(const Args&... args) {
  return failure(StatusCode::kFailedPrecondition, {args...});
}
template <class... Args>
Status internal_error(const Args&... args) {
  return failure(StatusCode::kInternal, {args...});
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
