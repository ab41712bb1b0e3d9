// What a sub-command is, and how the files of this folder report failures.
//
// The library speaks Status; this program turns a failed one into an Error, and main() turns that into a
// message on stderr and exit code 1.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include "ingot/status.h"

namespace CLI {
class App;
}

namespace ingot::cli {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check(const Status& status) {
  if (!status.ok()) throw Error(status.to_string());
}
template <class T>
T take(Result<T> result) {
  check(result.status());
  return std::move(result).value();
}

/// A sub-command with its options bound to variables that `run` owns.
struct Command {
  CLI::App* app;
  std::function<void()> run;
};

Command build_command(CLI::App& app);
Command run_command(CLI::App& app);
Command bench_command(CLI::App& app);
Command inspect_command(CLI::App& app);
Command refit_command(CLI::App& app);
Command verify_command(CLI::App& app);
Command exec_command(CLI::App& app);

}  // namespace ingot::cli
