#include "model.h"

#include <fmt/format.h>

#include <fstream>

#include "error.h"
#include "npy.h"
#include "progress.h"

namespace ingot::cli {

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
