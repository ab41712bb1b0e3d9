#include "tune/timing_cache.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/file.h"

namespace ingot {
namespace {

constexpr std::string_view kHeader = "ingot timing cache 1";

std::string in_digits(double seconds) {
  char number[32];
  const int length = std::snprintf(number, sizeof number, "%.6e", seconds);
  return {number, static_cast<size_t>(length)};
}

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

void TimingCache::add(const std::string& key, double seconds) {
  const std::string digits = in_digits(seconds);
  double& kept = times_[key];
  std::from_chars(digits.data(), digits.data() + digits.size(), kept);
  changed_ = true;
}

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
  for (const auto& [key, seconds] : merged.times_) text += in_digits(seconds) + '\t' + key + '\n';
  return write_file_atomic(path, text);
}

}  // namespace ingot
