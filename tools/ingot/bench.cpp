// ingot bench: latency, throughput, and where the time goes.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "feeds.h"
#include "ingot/device.h"
#include "model.h"
#include "output.h"

namespace ingot::cli {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double timed_run(Context& context) {
  const auto begin = Clock::now();
  check(context.run());
  return since(begin);
}

// Latencies in ascending order: so many runs, or as many as the time allows (one at least).
std::vector<double> measure(Context& context, const BenchCommand& o) {
  for (int i = 0; i < o.warmup; ++i) check(context.run());
  std::vector<double> seconds;
  const auto begin = Clock::now();
  do {
    seconds.push_back(timed_run(context));
  } while (o.iterations > 0 ? static_cast<int>(seconds.size()) < o.iterations : since(begin) < o.duration);
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

// The least milliseconds of a run with a kernel for each layer: each takes its arithmetic or its bytes, at
// the rates that large products and copies reach, and, in the second number, no less than a short kernel
// does.
std::pair<double, double> floor_ms(const std::vector<LayerTime>& layers, const Json& steps) {
  constexpr double kOfMatrixRate = 0.74, kOfBandwidth = 0.88, kShortKernel = 2.2e-3;
  const std::vector<DeviceInfo> all = devices();
  const auto gpu = std::find_if(all.begin(), all.end(), [](const DeviceInfo& d) { return d.name == "cuda"; });
  if (gpu == all.end()) return {};
  double floor = 0, of_kernels = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    const Json& outputs = steps.at(i).at("outputs");
    const std::string type = outputs.empty() ? "" : outputs.at(0).at("type").get<std::string>();
    const bool bytes = type == "i8" || type == "u8" || type.starts_with("f8");
    const double rate = type == "f32" ? 0.5 : bytes ? 2 : 1;  // TF32
    const double ms = std::max(layers[i].flops / (gpu->tflops * 1e9 * rate * kOfMatrixRate),
                               layers[i].bytes / (gpu->gbytes_per_s * 1e6 * kOfBandwidth));
    floor += ms;
    of_kernels += std::max(ms, kShortKernel);
  }
  return {floor, of_kernels};
}

// Milliseconds per run by the GPU's own clock, inputs and outputs on the device: the medians of blocks.
Json measure_gpu(Context& context) {
  constexpr int kBlocks = 9, kRuns = 50;
  std::vector<double> ms;
  for (int i = 0; i < kBlocks; ++i) ms.push_back(take(context.measure(kRuns)) / kRuns * 1e3);
  std::sort(ms.begin(), ms.end());
  return {{"min", ms.front()},
          {"median", ms[kBlocks / 2]},
          {"max", ms.back()},
          {"kernels", context.kernels_launched()}};
}

// Profiling costs two clock readings per layer, so the layers are timed in runs of their own.
std::vector<LayerTime> measure_layers(Context& context, size_t runs) {
  context.set_profiling(true);
  for (size_t i = 0; i < runs; ++i) check(context.run());
  context.set_profiling(false);
  return context.layer_times();
}

double percentile(const std::vector<double>& sorted, double part) {
  return sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1) + 0.5)];
}

Json layers_json(const std::vector<LayerTime>& layers) {
  double total = 0;
  for (const LayerTime& l : layers) total += l.seconds;
  Json out = Json::array();
  for (const LayerTime& l : layers) {
    const double mean = l.runs > 0 ? l.seconds / static_cast<double>(l.runs) : 0;
    out.push_back({{"name", l.name},
                   {"op", l.op},
                   {"kernel", l.kernel},
                   {"ms", mean * 1e3},
                   {"share", total > 0 ? l.seconds / total : 0},
                   {"flops", l.flops},
                   {"bytes", l.bytes},
                   {"gflops", mean > 0 ? l.flops / mean / 1e9 : 0},
                   {"gbytes_per_s", mean > 0 ? l.bytes / mean / 1e9 : 0}});
  }
  return out;
}

constexpr size_t kSlowest = 10;  // of the layers, where not all are asked for

void print_layers(Json layers, size_t most) {
  std::stable_sort(layers.begin(), layers.end(),
                   [](const Json& a, const Json& b) { return a.at("ms") > b.at("ms"); });
  fmt::print("\n{:>9} {:>6} {:>9} {:>8}  {:<34} {}\n", "ms", "share", "GFLOP/s", "GB/s", "kernel", "layer");
  const size_t all = layers.size();
  if (all > most) layers.erase(layers.begin() + static_cast<std::ptrdiff_t>(most), layers.end());
  for (const Json& l : layers) {
    const std::string kernel = (l.at("op") == "eval" ? "reference " : "") + l.at("kernel").get<std::string>();
    fmt::print("{:9.4f} {:5.1f}% {:9.1f} {:8.1f}  {:<34} {}\n", l.at("ms").get<double>(),
               l.at("share").get<double>() * 100, l.at("gflops").get<double>(),
               l.at("gbytes_per_s").get<double>(), shortened(kernel, 34), shortened(l.at("name"), 60));
  }
  if (all > most) fmt::print("and {} more: --layers shows them\n", all - most);
}

void print(const Json& r) {
  const Json& l = r.at("latency_ms");
  fmt::print("{}: {} runs on {} thread{}, inputs {}\n", r.at("model").get<std::string>(),
             r.at("runs").get<size_t>(), r.at("threads").get<int>(), r.at("threads") == 1 ? "" : "s",
             r.at("inputs").get<std::string>());
  fmt::print("latency     min {:.3f} ms, median {:.3f} ms, p90 {:.3f} ms, p99 {:.3f} ms, max {:.3f} ms\n",
             l.at("min").get<double>(), l.at("median").get<double>(), l.at("p90").get<double>(),
             l.at("p99").get<double>(), l.at("max").get<double>());
  fmt::print("throughput  {:.1f} runs/s\n", r.at("runs_per_s").get<double>());
  if (r.contains("gpu_ms")) {
    const Json& g = r.at("gpu_ms");
    fmt::print("GPU time    min {:.4f} ms, median {:.4f} ms, max {:.4f} ms; {} kernels as one CUDA graph\n",
               g.at("min").get<double>(), g.at("median").get<double>(), g.at("max").get<double>(),
               g.at("kernels").get<size_t>());
    fmt::print(
        "floor       {:.4f} ms by arithmetic and memory, {:.4f} ms with 2.2 us for each kernel at least\n",
        g.at("floor").get<double>(), g.at("floor_of_kernels").get<double>());
    fmt::print("host        {:.4f} ms of the latency for inputs, outputs and the launch\n",
               g.at("on_host").get<double>());
  }
  if (r.contains("peak_gflops"))
    fmt::print(
        "arithmetic  {:.1f} GFLOP/s of {:.1f} measured ({:.0f} %), {:.3f} GFLOP per run at the opt shapes\n",
        r.at("gflops").get<double>(), r.at("peak_gflops").get<double>(),
        r.at("peak_share").get<double>() * 100, r.at("flops").get<double>() / 1e9);
  fmt::print("memory      {} of intermediate results\n", human_bytes(r.at("memory_bytes").get<double>()));
}

}  // namespace

void run(const BenchCommand& o) {
  const Engine engine = open_model(o.model);
  FeedOptions feed_options = o.feeds;
  feed_options.shapes = o.model.fixed_shapes();
  const Feeds feeds = make_feeds(engine, feed_options);
  Context context = take(engine.context(o.model.build.threads));
  set_inputs(context, feeds);

  const std::vector<double> seconds = measure(context, o);
  const double median = percentile(seconds, 0.5);
  const Json plan = Json::parse(engine.report_json()).at("plans").at(0);
  const bool on_gpu = plan.at("device") == "cuda";
  const std::vector<LayerTime> layers = measure_layers(context, std::clamp<size_t>(seconds.size(), 1, 50));
  double flops = 0, total = 0;
  for (const LayerTime& l : layers) flops += l.flops;
  for (double s : seconds) total += s;
  std::string inputs;
  for (const auto& [name, feed] : feeds)
    inputs += fmt::format("{}{}:{}", inputs.empty() ? "" : ",", name, to_text(feed.array.ref.dims));

  Json r;
  r["model"] = o.model.path;
  r["threads"] = context.threads();
  r["inputs"] = inputs;
  r["runs"] = seconds.size();
  r["latency_ms"] = {
      {"min", seconds.front() * 1e3},          {"median", median * 1e3},
      {"p90", percentile(seconds, 0.9) * 1e3}, {"p99", percentile(seconds, 0.99) * 1e3},
      {"max", seconds.back() * 1e3},           {"mean", total / static_cast<double>(seconds.size()) * 1e3}};
  r["runs_per_s"] = static_cast<double>(seconds.size()) / total;
  r["flops"] = flops;
  r["gflops"] = flops / median / 1e9;
  if (on_gpu) {
    r["gpu_ms"] = measure_gpu(context);
    const auto [floor, of_kernels] = floor_ms(layers, plan.at("steps"));
    r["gpu_ms"]["floor"] = floor;
    r["gpu_ms"]["floor_of_kernels"] = of_kernels;
    r["gpu_ms"]["on_host"] = std::max(0.0, median * 1e3 - r["gpu_ms"]["median"].get<double>());
  } else {
    const double peak = take(measure_peak_gflops(context.threads()));
    r["peak_gflops"] = peak;
    r["peak_share"] = peak > 0 ? flops / median / 1e9 / peak : 0;
  }
  r["memory_bytes"] = take(context.memory_bytes());
  r["layers"] = layers_json(layers);
  if (o.json != "-") {
    print(r);
    print_layers(r["layers"], o.layers ? r["layers"].size() : kSlowest);
  }
  if (!o.json.empty()) write_text(o.json, r.dump(1));
}

}  // namespace ingot::cli
