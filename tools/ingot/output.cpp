#include "output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "error.h"

namespace ingot::cli {

void write_text(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    return;
  }
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool ok = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
            std::fputc('\n', file) != EOF;
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  if (!ok) throw Error(fmt::format("{}: {}", path, std::strerror(errno)));
}

std::string human_bytes(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  int unit = -1;
  while (bytes >= 1024 && unit < 3) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string human_time(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.1f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

std::string describe(const TensorInfo& info) {
  return fmt::format("{}: {}[{}]", info.name, data_type_name(info.dtype),
                     info.ranked ? fmt::format("{}", fmt::join(info.dims, ", ")) : "*");
}

std::string shortened(const std::string& text, size_t width) {
  if (text.size() <= width) return text;
  const size_t head = width / 2 - 1, tail = width - head - 2;
  return text.substr(0, head) + ".." + text.substr(text.size() - tail);
}

}  // namespace ingot::cli
