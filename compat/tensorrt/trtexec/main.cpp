// trtexec: the program that TensorRT's users build and measure engines with, on Ingot.
#include <cstdio>
#include <new>

#include "engine.h"
#include "log.h"
#include "report.h"
#include "version.h"

namespace ingot::trtexec {
namespace {

void measure(const Engine& engine, const Options& options) {
  Inference inference(engine, options);
  const Timing timing = inference.run();
  print_timing(timing, options);
  if (options.has("--dumpOutput")) print_outputs(inference);
  if (options.has("--dumpRawBindingsToFile")) write_bindings(inference);
  if (options.has("--exportTimes")) export_times(timing, options.text("--exportTimes"));
  if (options.has("--exportOutput")) export_outputs(inference, options.text("--exportOutput"));
  if (!options.has("--dumpProfile") && !options.has("--exportProfile")) return;
  const auto layers = inference.profile_layers();
  if (options.has("--dumpProfile")) print_profile(layers);
  if (options.has("--exportProfile")) export_profile(layers, options.text("--exportProfile"));
}

void run(const Options& options) {
  set_verbose(options.has("--verbose"));
  options.echo(version().bit);
  const std::string device = choose_device(options);
  options.warn(version().bit, device != "cpu");
  info("TensorRT version: {}", version().text);
  info("Runs on Ingot {}", ingot::version());
  const Engine engine = make_engine(options, device);
  if (options.has("--getPlanVersionOnly")) return info("Engine version: Ingot {}", ingot::version());
  if (options.has("--dumpOptimizationProfile")) print_profiles(engine);
  if (options.has("--dumpLayerInfo")) print_layers(engine, options);
  if (options.has("--exportLayerInfo")) export_layers(engine, options, options.text("--exportLayerInfo"));
  if (options.has("--skipInference"))
    info("Skipped inference phase since --skipInference is added.");
  else
    measure(engine, options);
}

int main(int argc, const char* const* argv) {
  std::string command = "trtexec";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  const Version* shown = &newest_version();
  const auto verdict = [&](const char* word) {
    std::fflush(stderr);
    std::printf("&&&& %s TensorRT.trtexec %s # %s\n", word, shown->tag, command.c_str());
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  };
  Options options;
  std::string problem;  // said after the line that announces the run
  try {
    shown = &version();
    options = Options::parse(argc, argv);
  } catch (const std::exception& e) {
    problem = e.what();
  }
  if (options.help()) return print_help(), 0;
  verdict("RUNNING");
  try {
    if (!problem.empty()) throw Error(problem);
    run(options);
  } catch (const std::bad_alloc&) {
    log(Severity::kError, "out of memory");
    return verdict("FAILED"), 1;
  } catch (const std::exception& e) {
    log(Severity::kError, e.what());
    return verdict("FAILED"), 1;
  }
  return verdict("PASSED") ? 0 : 1;
}

}  // namespace
}  // namespace ingot::trtexec

int main(int argc, char** argv) { return ingot::trtexec::main(argc, argv); }
