#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace ingot::cli {
namespace {

constexpr double kInterval = 0.1;  // seconds between two drawings of the same phase
constexpr int kBar = 30;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string left(double seconds) {
  if (seconds < 0) return "";
  if (seconds < 1) return "  less than a second left";
  if (seconds < 90) return fmt::format("  about {:.0f} s left", seconds);
  return fmt::format("  about {:.0f} min left", seconds / 60);
}

}  // namespace

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(const BuildProgress& p) {
  if (!terminal_) return;
  const double time = now();
  if (p.phase == phase_ && time - last_ < kInterval) return;
  phase_ = p.phase;
  last_ = time;
  const double part = p.total > 0 ? std::clamp(p.done / p.total, 0.0, 1.0) : 0;
  const int filled = static_cast<int>(part * kBar);
  const std::string line = fmt::format("\r\033[K{:<9} [{:#<{}}{:.<{}}] {:3.0f} %{}", p.phase, "", filled, "",
                                       kBar - filled, part * 100, left(p.seconds_left));
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

}  // namespace ingot::cli
