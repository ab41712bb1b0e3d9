// How the files of this folder report failures: the library speaks Status; this program turns a failed one
// into an Error, and main() turns that into a message on stderr and exit code 1.
#pragma once

#include <stdexcept>
#include <string>

#include "ingot/status.h"

namespace ingot::cli {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check(const Status& status) {
  if (!status.ok()) throw Error(status.to_string());
}
template <class T>
T take(Result<T> result) {
  check(result.status());
  return std::move(result).value();
}

}  // namespace ingot::cli
