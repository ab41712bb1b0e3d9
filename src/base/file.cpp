#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

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

// Many chunks at a time: file systems then keep the file in large pages, which a mapping can be made of.
Status write_all(int fd, const std::string& path, std::span<const std::span<const std::byte>> chunks) {
  constexpr size_t kAtOnce = 512;  // the system takes 1024
  std::vector<iovec> rest;
  for (const auto& chunk : chunks)
    if (!chunk.empty()) rest.push_back({const_cast<std::byte*>(chunk.data()), chunk.size()});
  for (size_t first = 0; first < rest.size();) {
    const ssize_t n = ::writev(fd, &rest[first], static_cast<int>(std::min(kAtOnce, rest.size() - first)));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_status(path, "write");
    for (size_t written = static_cast<size_t>(n); written > 0;) {
      iovec& next = rest[first];
      const size_t taken = std::min(written, next.iov_len);
      next = {static_cast<std::byte*>(next.iov_base) + taken, next.iov_len - taken};
      written -= taken;
      if (next.iov_len == 0) ++first;
    }
  }
  return {};
}

// A private read-only mapping, or MAP_FAILED. Large files begin at the border of a huge page and ask for such
// pages: weights are then read with fewer TLB misses, where the file system has the file in large pages.
void* map_file(int fd, size_t size) {
  constexpr size_t kHugePage = size_t{2} << 20;
  if (size < kHugePage) return ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  void* space =
      ::mmap(nullptr, size + kHugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return space;
  const auto begin = reinterpret_cast<uintptr_t>(space),
             aligned = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE)),
             end = aligned + (size + page - 1) / page * page;
  void* data = ::mmap(reinterpret_cast<void*>(aligned), size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
  if (data == MAP_FAILED) {
    ::munmap(space, size + kHugePage);
    return data;
  }
  if (aligned > begin) ::munmap(space, aligned - begin);
  if (begin + size + kHugePage > end) ::munmap(reinterpret_cast<void*>(end), begin + size + kHugePage - end);
  ::madvise(data, size, MADV_HUGEPAGE);
  return data;
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
    data = map_file(file.fd, size);
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
    INGOT_RETURN_IF_ERROR(write_all(file.fd, path, chunks));
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
