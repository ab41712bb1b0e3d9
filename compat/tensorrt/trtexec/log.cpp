#include "log.h"

#include <atomic>
#include <cstdio>
#include <ctime>

namespace ingot::trtexec {
namespace {

std::atomic<bool> verbose{false};

}  // namespace

void set_verbose(bool on) { verbose = on; }

void log(Severity severity, const std::string& text) {
  if (severity == Severity::kVerbose && !verbose) return;
  char date[32] = "";
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  if (localtime_r(&now, &local) != nullptr) std::strftime(date, sizeof date, "%m/%d/%Y-%H:%M:%S", &local);
  std::FILE* out = severity == Severity::kError ? stderr : stdout;
  if (out == stderr) std::fflush(stdout);  // the two arrive in order where they go to the same place
  std::fprintf(out, "[%s] [%c] %s\n", date, "VIWE"[static_cast<int>(severity)], text.c_str());
}

}  // namespace ingot::trtexec
