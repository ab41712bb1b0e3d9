#include "report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "log.h"
#include "values.h"

namespace ingot::trtexec {
namespace {

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

template <class F>
std::vector<double> each(const Timing& timing, F value) {
  std::vector<double> out;
  for (const Query& q : timing.queries) out.push_back(value(q));
  return out;
}

double mean_of(const std::vector<double>& values, size_t first, size_t count) {
  const auto begin = values.begin() + static_cast<ptrdiff_t>(first);
  return std::accumulate(begin, begin + static_cast<ptrdiff_t>(count), 0.0) / static_cast<double>(count);
}

void print_trace(const std::vector<double>& latency, const std::vector<double>& compute,
                 const std::vector<double>& enqueue, size_t average_of) {
  info("=== Trace details ===");
  info("Trace averages of {} runs:", average_of);
  const size_t groups = latency.size() / average_of;
  constexpr size_t kShown = 200;  // from either end
  for (size_t g = 0; g < groups; ++g) {
    if (g >= kShown && g + kShown < groups) {
      if (g == kShown) info("... omitting {} lines", groups - 2 * kShown);
      continue;
    }
    const auto mean = [&](const std::vector<double>& ms) { return mean_of(ms, g * average_of, average_of); };
    info("Average on {} runs - GPU latency: {:.6g} ms - Host latency: {:.6g} ms (enqueue {:.6g} ms)",
         average_of, mean(compute), mean(latency), mean(enqueue));
  }
  info("");
}

std::string statistics(std::vector<double> ms, const std::vector<double>& percents) {
  std::sort(ms.begin(), ms.end());
  std::string text = fmt::format("min = {:.6g} ms, max = {:.6g} ms, mean = {:.6g} ms, median = {:.6g} ms",
                                 ms.front(), ms.back(), sum(ms) / static_cast<double>(ms.size()), median(ms));
  for (const double percent : percents)
    text += fmt::format(", percentile({:g}%) = {:.6g} ms", percent, percentile(ms, percent));
  return text;
}

void warn_when_unstable(const std::vector<double>& ms) {
  const double mean = sum(ms) / static_cast<double>(ms.size());
  double squares = 0;
  for (const double v : ms) squares += (v - mean) * (v - mean);
  const double variation = std::sqrt(squares / static_cast<double>(ms.size())) / mean * 100;
  constexpr double kStable = 2.5;  // percent
  if (variation > kStable)
    warning("* Compute time is unstable, with coefficient of variance = {:.4g}%.", variation);
}

}  // namespace

double percentile(const std::vector<double>& sorted, double percent) {
  const auto count = static_cast<double>(sorted.size());
  const double excluded = std::floor((1 - percent / 100) * count);
  return sorted[static_cast<size_t>(std::max(0.0, count - 1 - excluded))];
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void print_timing(const Timing& timing, const Options& options) {
  const auto compute = each(timing, [](const Query& q) { return q.compute; });
  const auto enqueue = each(timing, [](const Query& q) { return q.enqueued - q.start; });
  const auto latency = each(timing, [&](const Query& q) { return q.latency(timing.transfers); });
  const std::vector<double> percents = options.numbers("--percentile");
  info("Warmup completed {} queries over {:.6g} ms", timing.warm_up_queries, timing.warm_up_ms);
  info("Timing trace has {} queries over {:.6g} s", latency.size(), timing.seconds);
  info("");
  print_trace(latency, compute, enqueue, static_cast<size_t>(options.number("--avgRuns", 1)));
  info("=== Performance summary ===");
  info("Throughput: {:.6g} qps", static_cast<double>(latency.size()) / timing.seconds);
  info("Latency: {}", statistics(latency, percents));
  info("Enqueue Time: {}", statistics(enqueue, percents));
  info("H2D Latency: {}", statistics(each(timing, [](const Query& q) { return q.upload; }), percents));
  info("GPU Compute Time: {}", statistics(compute, percents));
  info("D2H Latency: {}", statistics(each(timing, [](const Query& q) { return q.download; }), percents));
  info("Total Host Walltime: {:.6g} s", timing.seconds);
  info("Total GPU Compute Time: {:.6g} s", sum(compute) / 1e3);
  if (options.number("--infStreams") > 1)
    warning("* Throughput and latency are those of {} streams side by side.", options.text("--infStreams"));
  warn_when_unstable(compute);
  info("Explanations of the performance metrics are printed in the verbose logs.");
  log(Severity::kVerbose,
      "H2D and D2H Latency: copies to the GPU and back. GPU Compute Time: the run between them, by the "
      "device's "
      "clock. Latency: all three, or without --includeDataTransfers since TensorRT 11 (before, with "
      "--noDataTransfers) the run alone. Enqueue Time: until the call returns. On the CPU nothing is copied, "
      "and "
      "the call returns when the run is done.");
  info("");
}

void print_profile(const std::vector<LayerProfile>& layers) {
  double total = 0, average = 0, middle = 0;
  const size_t runs = layers.empty() ? 0 : layers.front().ms.size();
  for (const LayerProfile& l : layers) total += sum(l.ms);
  info("=== Profile ({} iterations ) ===", runs);
  info("{:>12} {:>11} {:>11} {:>8}   Layer", "Time(ms)", "Avg.(ms)", "Median(ms)", "Time(%)");
  const auto line = [](double time, double mean, double mid, double share, const std::string& name) {
    info("{:12.2f} {:11.4f} {:11.4f} {:8.1f}   {}", time, mean, mid, share, name);
  };
  for (const LayerProfile& l : layers) {
    const double time = sum(l.ms), mean = time / static_cast<double>(l.ms.size()), mid = median(l.ms);
    line(time, mean, mid, total > 0 ? time / total * 100 : 0, l.name);
    average += mean;
    middle += mid;
  }
  line(total, average, middle, 100, "Total");
  info("");
}

void print_layers(const Engine& engine, const Options& options) {
  info("Layer Information:");
  info("{}", layers_json(engine, options));
}

void print_outputs(const Inference& inference) {
  info("Output Tensors:");
  for (const TensorInfo& output : inference.engine().outputs()) {
    const TensorRef tensor = inference.output(output.name);
    std::string values;
    for (int64_t i = 0; i < tensor.size(); ++i)
      values += fmt::format("{}{:g}", i ? " " : "", cli::value_at(tensor, i));
    info("{}: ({})", output.name, cli::to_text(tensor.dims));
    info("{}", values);
  }
}

}  // namespace ingot::trtexec
