#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ingot {
namespace {

Status errno_status(const std::string& path, const char* action) {
  const int error = errno;
  const std::string message = str("cannot ", action, " '", path, "': ", std::strerror(error));
  return error == ENOENT ? not_found(message) : io_error(message);
}

struct FileDescriptor {
  int fd;
  ~FileDescriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Status write_all(int fd, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_status(path, "write");
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return errno_status(path, "open");
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return errno_status(path, "read");
  if (!S_ISREG(info.st_mode)) return io_error("cannot read '", path, "': not a regular file");
  const auto size = static_cast<size_t>(info.st_size);
  void* data = nullptr;
  if (size > 0) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
    if (data == MAP_FAILED) return errno_status(path, "map");
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(data, size));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

void MappedFile::release(std::span<const std::byte> part) const {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  // A page that the part begins within goes, too: what precedes was read before, as a rule.
  const uintptr_t begin = reinterpret_cast<uintptr_t>(part.data()) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(part.data()) + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Status write_file_atomic(const std::string& path, std::span<const std::span<const std::byte>> chunks) {
  std::string temporary = path + ".XXXXXX";
  FileDescriptor file{::mkostemp(temporary.data(), O_CLOEXEC)};
  if (file.fd < 0) return errno_status(path, "create");
  const auto write_and_rename = [&]() -> Status {
    for (const auto& chunk : chunks) INGOT_RETURN_IF_ERROR(write_all(file.fd, path, chunk));
    if (::fchmod(file.fd, 0644) != 0 || ::fsync(file.fd) != 0) return errno_status(path, "write");
    if (::rename(temporary.c_str(), path.c_str()) != 0) return errno_status(path, "replace");
    return {};
  };
  Status status = write_and_rename();
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

Status write_file_atomic(const std::string& path, std::string_view text) {
  const std::span<const std::byte> chunk = std::as_bytes(std::span(text.data(), text.size()));
  return write_file_atomic(path, std::span(&chunk, 1));
}

}  // namespace ingot
