#include "model.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "command.h"
#include "npy.h"
#include "progress.h"

namespace ingot::cli {

void add_model_options(CLI::App& app, ModelOptions& o, const char* what) {
  BuildOptions& b = o.build;
  app.add_option("model", o.path, what)->required()->type_name("MODEL");
  app.add_option("--device", b.device, "where the engine runs: cpu or cuda")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_option("--threads", b.threads,
                 "threads that the engine is tuned for and runs with (default: all cores)")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--fp16", b.fp16, "computes in float16, with sums in float32; for GPUs")->group("Precision");
  app.add_flag("--bf16", b.bf16, "computes in bfloat16, with sums in float32; for GPUs")->group("Precision");
  app.add_flag(
         "--int8", b.int8,
         "layers between QuantizeLinear and DequantizeLinear compute on 8-bit integers; always so on GPUs")
      ->group("Precision");
  app.add_flag("--fp8", b.fp8, "likewise on FP8 (E4M3)")->group("Precision");
  app.add_option(
         "--calibration", o.calibration,
         "samples from which --int8 takes its scales where the model has no quantizers: an array whose first "
         "dimension counts them")
      ->type_name("NAME=FILE.npy")
      ->allow_extra_args(false)
      ->group("Precision");
  app.add_option("--calibration-method", o.calibration_method, "how ranges are chosen")
      ->check(CLI::IsMember({"entropy", "minmax"}))
      ->capture_default_str()
      ->group("Precision");
  app.add_option("--calibration-cache", o.calibration_cache,
                 "file of ranges: read where it is there, else written")
      ->type_name("FILE")
      ->group("Precision");
  app.add_flag("--best", o.best, "on GPUs: --fp16, and --int8 and --fp8 where the model has quantizers")
      ->group("Precision");
  app.add_flag("--tf32,!--no-tf32", b.tf32,
               "lets GPUs round operands of float32 products to TF32 (default: on)")
      ->group("Precision");
  const auto shapes = [&](const char* name, std::vector<std::string>& list, const char* text) {
    app.add_option(name, list, text)->type_name("NAME:DIMS,...")->allow_extra_args(false)->group("Shapes");
  };
  shapes("--shapes", o.shapes, "dims of inputs that the model leaves open");
  shapes("--min-shapes", o.min_shapes,
         "smallest dims of a profile; repeat the three options for several profiles");
  shapes("--opt-shapes", o.opt_shapes, "dims that a profile is tuned for");
  shapes("--max-shapes", o.max_shapes, "largest dims of a profile");
  app.add_option("--level", b.level,
                 "time for the kernels of a layer: 0: none is timed, 1: 10 ms, 2: 20 ms, 3: 50 ms, 4: 0.2 s, "
                 "5: 1 s")
      ->check(CLI::Range(0, 5))
      ->capture_default_str()
      ->group("Build");
  app.add_flag("--refittable", b.refittable, "keeps in the engine what 'ingot refit' needs")->group("Build");
  app.add_option("--timing-cache", b.timing_cache, "file that keeps timings between builds")
      ->type_name("FILE")
      ->group("Build");
  const auto passes = [&](const char* name, std::vector<std::string>& list, const char* text) {
    app.add_option(name, list, text)
        ->type_name("PASS")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group("Passes");
  };
  passes("--disable-pass", b.disable_passes, "leaves out a pass, or all of them ('all')");
  passes("--dump-before", b.dump_before, "writes the graph's text before a pass");
  passes("--dump-after", b.dump_after, "writes the graph's text after a pass");
  app.add_option("--dump-dir", b.dump_dir, "folder for the dumps")
      ->capture_default_str()
      ->type_name("DIR")
      ->group("Passes");
  app.add_option("--stop-after", b.stop_after, "the last pass to run")->type_name("PASS")->group("Passes");
}

namespace {

// Samples lie along the first dimension of the arrays; each run takes one of each.
std::shared_ptr<const Calibration> calibration_of(const ModelOptions& o) {
  if (o.calibration.empty() && o.calibration_cache.empty()) return nullptr;
  auto samples = std::make_shared<std::map<std::string, Array>>();
  for (const std::string& text : o.calibration) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(fmt::format("'{}' is no sample, expected name=file.npy", text));
    Array array = read_npy(text.substr(equals + 1));
    if (array.ref.dims.empty()) throw Error(fmt::format("{} holds one number, expected samples", text));
    (*samples)[text.substr(0, equals)] = std::move(array);
  }
  auto c = std::make_shared<Calibration>();
  c->method = o.calibration_method == "minmax" ? Calibration::kMinMax : Calibration::kEntropy;
  c->next = [samples, at = int64_t{0}](std::map<std::string, TensorRef>& inputs) mutable {
    for (const auto& [name, array] : *samples) {
      if (at >= array.ref.dims[0]) return false;
      TensorRef one{array.ref.dtype, {array.ref.dims.begin() + 1, array.ref.dims.end()}, nullptr};
      one.data = array.memory.get() + one.bytes() * static_cast<size_t>(at);
      inputs[name] = one;
    }
    ++at;
    return !samples->empty();
  };
  c->read_cache = [file = o.calibration_cache] {
    std::ifstream in(file);
    return file.empty() ? std::string() : std::string(std::istreambuf_iterator<char>(in), {});
  };
  c->write_cache = [file = o.calibration_cache](const std::string& text) {
    if (!file.empty() && !(std::ofstream(file) << text))
      std::fprintf(stderr, "ingot: warning: %s cannot be written\n", file.c_str());
  };
  return c;
}

}  // namespace

BuildOptions build_options(const ModelOptions& o) {
  BuildOptions build = o.build;
  build.calibration = calibration_of(o);
  build.shapes = o.fixed_shapes();
  // Quantized layers are computed as such on GPUs in any case; on the CPU, float32 is the fastest.
  if (o.best && build.device == "cpu")
    std::fprintf(stderr, "ingot: warning: --best is without effect on the CPU\n");
  else if (o.best)
    build.fp16 = !build.bf16;
  build.profiles = parse_profiles(o.min_shapes, o.opt_shapes, o.max_shapes);
  return build;
}

bool is_engine_file(const std::string& path) { return path.ends_with(".ingot"); }

void print_warnings(const Engine& engine) {
  for (const std::string& w : engine.warnings()) std::fprintf(stderr, "ingot: warning: %s\n", w.c_str());
}

Engine build_model(const ModelOptions& o) {
  BuildOptions options = build_options(o);
  ProgressLine progress;
  options.progress = [&](const BuildProgress& p) { progress.show(p); };
  Engine engine = take(build(o.path, options));
  progress.clear();
  print_warnings(engine);
  return engine;
}

Engine open_model(const ModelOptions& o) {
  if (!is_engine_file(o.path)) return build_model(o);
  Engine engine = take(load(o.path));
  check(engine.check_weights());
  print_warnings(engine);
  return engine;
}

}  // namespace ingot::cli
