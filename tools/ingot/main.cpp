// ingot: builds, runs, times, explains and checks engines, and runs TensorRT's programs. Each sub-command is
// a file of this folder.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "command.h"
#include "ingot/engine.h"

namespace {

constexpr const char* kFooter =
    "Shapes are written name:1x3x224x224; several are separated by commas, or given one option each.\n"
    "'ingot COMMAND --help' lists the options of a command.";

int fail(const char* message) {
  std::fflush(stdout);
  std::fprintf(stderr, "ingot: %s\n", message);
  return 1;
}

int run(int argc, char** argv) {
  using namespace ingot::cli;
  CLI::App app("Ingot turns an ONNX model into one engine file and runs it.", "ingot");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("ingot ") + ingot::version());
  app.footer(kFooter);
  const Command commands[] = {build_command(app),   run_command(app),   bench_command(app),
                              inspect_command(app), refit_command(app), verify_command(app),
                              exec_command(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 1;
  }
  for (const Command& command : commands)
    if (command.app->parsed()) command.run();
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
