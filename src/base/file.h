// Files: read-only mappings and writes that never leave half a file.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/status.h"

namespace ingot {

/// A file mapped read-only and shared by everything that refers to its bytes. Thread-safe.
class MappedFile {
 public:
  /// Errors: kNotFound, kIoError (unreadable, a folder...). An empty file maps to no bytes.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }
  /// Lets go of the memory behind `part`, which has been read and is not needed soon; reading it again is
  /// allowed.
  void release(std::span<const std::byte> part) const;

 private:
  MappedFile(void* data, size_t size) : data_(data), size_(size) {}
  void* data_;
  size_t size_;
};

/// Writes the chunks one after the other to a new file beside `path`, syncs it and renames it to `path`: when
/// anything fails (a full disk, say), what stood at `path` is untouched and the new file is removed.
Status write_file_atomic(const std::string& path, std::span<const std::span<const std::byte>> chunks);
Status write_file_atomic(const std::string& path, std::string_view text);

}  // namespace ingot
