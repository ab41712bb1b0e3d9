// Shared libraries that are loaded when they are asked for, and where they are looked for.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace ingot::cuda {

template <class... Args>
Status device_error(const Args&... args) {
  return {StatusCode::kDeviceError, str(args...)};
}

/// A loaded library; never unloaded, since CUDA's libraries do not survive that.
class Library {
 public:
  /// Tries `sonames` in turn: by name, as the dynamic linker finds them, then in the folders of
  /// `library_folders()`. Errors: kNotFound says where it was looked for.
  static Result<Library> open(const std::vector<std::string>& sonames);

  /// Null when the library has no such function.
  void* find(const char* function) const;
  const std::string& path() const { return path_; }

 private:
  Library(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void* handle_;
  std::string path_;
};

/// Folders that may hold CUDA's libraries: INGOT_CUDA_PATH (a list with colons), the CUDA toolkit, and the
/// `nvidia` packages of the Python that is active.
std::vector<std::string> library_folders();

}  // namespace ingot::cuda
