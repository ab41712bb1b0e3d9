// Lines as trtexec's readers know them: "[11/24/2026-02:52:27] [I] text".
#pragma once

#include <fmt/format.h>

#include <string>

namespace ingot::trtexec {

enum class Severity { kVerbose, kInfo, kWarning, kError };

void set_verbose(bool on);
/// To the standard output, errors to stderr; verbose lines only when asked for.
void log(Severity severity, const std::string& text);

template <class... T>
void info(fmt::format_string<T...> format, T&&... args) {
  log(Severity::kInfo, fmt::format(format, std::forward<T>(args)...));
}
template <class... T>
void warning(fmt::format_string<T...> format, T&&... args) {
  log(Severity::kWarning, fmt::format(format, std::forward<T>(args)...));
}

}  // namespace ingot::trtexec
