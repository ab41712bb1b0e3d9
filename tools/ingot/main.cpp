// ingot: builds, runs, times, explains and checks engines, and runs TensorRT's programs. Each sub-command is
// a file of this folder.
#include <csignal>
#include <cstdio>
#include <exception>

#include "arguments.h"
#include "error.h"

namespace {

int fail(const char* message) {
  std::fflush(stdout);
  std::fprintf(stderr, "ingot: %s\n", message);
  return 1;
}

int run(int argc, char** argv) {
  using namespace ingot::cli;
  const Asked asked = read_arguments(argc, argv);
  if (!asked.run) return asked.exit_code;
  asked.run();
  // What could not be written (a full disk, a closed pipe) is a failure as well.
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw Error("cannot write to the standard output");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes fails the write, as a full disk does
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    return fail("out of memory");
  } catch (const std::exception& e) {
    return fail(e.what());
  }
}
