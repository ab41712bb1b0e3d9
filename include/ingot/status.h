// Status and Result<T>: how every function that a file, a user or a device can make fail reports it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "ingot/export.h"

namespace ingot {

/// Few and stable: programs may switch on them. The message carries the details.
enum class StatusCode : int {
  kOk = 0,
  kInvalidArgument = 1,     ///< the caller's value is wrong: name, shape, type, option
  kUnsupported = 2,         ///< well-formed, but Ingot has no way to do it
  kNotFound = 3,            ///< a file, tensor, kernel or option that does not exist
  kCorrupt = 4,             ///< bytes that are damaged or not of the expected format
  kIoError = 5,             ///< the operating system refused to read or write
  kOutOfMemory = 6,         ///< an allocation failed or is larger than allowed
  kFailedPrecondition = 7,  ///< the right call at the wrong time (a busy context, unset shapes)
  kDeviceError = 8,         ///< an accelerator failed
  kInternal = 9,            ///< our own bug, found without crashing
  kCancelled = 10,          ///< the caller asked to stop
};

/// The code's name in lower case, such as "invalid argument".
INGOT_API std::string_view status_code_name(StatusCode code);

/// Success, or a code and a message that names what was got and what was expected.
/// Success costs one null pointer. Copyable; const methods are thread-safe.
class [[nodiscard]] INGOT_API Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : rep_(code == StatusCode::kOk ? nullptr : std::make_shared<const Rep>(Rep{code, std::move(message)})) {
  }

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return rep_ ? rep_->code : StatusCode::kOk; }
  std::string_view message() const { return rep_ ? std::string_view(rep_->message) : std::string_view(); }

  /// "invalid argument: input 'x' has ...", or "ok".
  std::string to_string() const;
  /// The same status with `context` and ": " before its message; success stays success.
  Status with_context(std::string_view context) const;

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep_;
};

/// A value or the Status that says why there is none. Taking the value of a failed Result is a bug.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<1>, std::move(value)) {}         // NOLINT: implicit by design
  Result(Status status) : state_(std::in_place_index<0>, std::move(status)) {}  // NOLINT
  bool ok() const { return state_.index() == 1; }
  Status status() const { return ok() ? Status() : std::get<0>(state_); }
  T& value() & { return std::get<1>(state_); }
  const T& value() const& { return std::get<1>(state_); }
  T&& value() && { return std::get<1>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<Status, T> state_;
};

}  // namespace ingot
