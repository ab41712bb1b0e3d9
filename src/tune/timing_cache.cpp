#include "tune/timing_cache.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/file.h"

namespace ingot {
namespace {

constexpr std::string_view kHeader = "ingot timing cache 1";

Status parse(std::string_view text, const std::string& path, std::map<std::string, double>& times) {
  size_t line_number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (++line_number == 1) {
      if (line != kHeader)
        return corrupt("'", path, "' is not a timing cache: expected '", kHeader, "' in its first line");
      continue;
    }
    double seconds = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), seconds);
    const auto at = static_cast<size_t>(stop - line.data());
    if (error != std::errc() || at >= line.size() || line[at] != '\t' || !std::isfinite(seconds) ||
        seconds <= 0)
      return corrupt("'", path, "': line ", line_number, " is not 'seconds<TAB>key'");
    times.emplace(line.substr(at + 1), seconds);
  }
  return {};
}

}  // namespace

Status TimingCache::load(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file.ok()) return file.status().code() == StatusCode::kNotFound ? Status() : file.status();
  const auto bytes = (*file)->bytes();
  return parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path, times_);
}

Status TimingCache::save(const std::string& path) const {
  TimingCache merged = *this;
  INGOT_RETURN_IF_ERROR(merged.load(path));  // emplace: our own measurements win
  std::string text(kHeader);
  text += '\n';
  for (const auto& [key, seconds] : merged.times_) {
    char number[32];
    const int length = std::snprintf(number, sizeof number, "%.6e", seconds);
    text.append(number, static_cast<size_t>(length));
    text += '\t' + key + '\n';
  }
  return write_file_atomic(path, text);
}

}  // namespace ingot
