#include "backends/cuda/driver/kept_code.h"

#include <cstdio>
#include <cstdlib>

#include "base/file.h"

namespace ingot::cuda {

std::string kept_code_path(std::span<const std::string> parts) {
  const char* folder = std::getenv("INGOT_KERNEL_CACHE");
  if (folder == nullptr || *folder == '\0') return "";
  uint64_t a = 0xcbf29ce484222325, b = 0x84222325cbf29ce4;  // FNV-1a twice, from different beginnings
  const auto mix = [&](unsigned char byte) {
    a = (a ^ byte) * 0x100000001b3;
    b = (b ^ byte) * 0x100000001b3 + (b >> 47);
  };
  for (const std::string& part : parts) {
    for (const char c : part) mix(static_cast<unsigned char>(c));
    mix(0);  // no text has it
  }
  char name[48];
  std::snprintf(name, sizeof name, "/%016llx%016llx.cubin", static_cast<unsigned long long>(a),
                static_cast<unsigned long long>(b));
  return std::string(folder) + name;
}

std::optional<std::vector<std::byte>> read_kept_code(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const auto file = MappedFile::open(path);
  if (!file.ok() || (*file)->bytes().empty()) return std::nullopt;
  const auto bytes = (*file)->bytes();
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

void keep_code(const std::string& path, std::span<const std::byte> code) {
  if (!path.empty()) (void)write_file_atomic(path, std::span(&code, 1));
}

}  // namespace ingot::cuda
