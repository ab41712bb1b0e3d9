// The command line of `ingot`. All of it is declared in arguments.cpp, the one file that knows the library
// for it.
#pragma once

#include <functional>

namespace ingot::cli {

/// The command asked for. None where the command line was wrong or asked for help, which is printed: then
/// `exit_code` is what the program ends with.
struct Asked {
  std::function<void()> run;
  int exit_code = 0;
};
Asked read_arguments(int argc, char** argv);

}  // namespace ingot::cli
