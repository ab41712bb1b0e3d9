#include "refit.h"

#include <chrono>
#include <map>

#include "error.h"
#include "ingot/network.h"
#include "log.h"

namespace ingot::trtexec {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Those of the model's weights that the engine has.
std::map<std::string, TensorRef> weights_of(const Network& model, const std::vector<TensorInfo>& known) {
  std::map<std::string, TensorRef> of_model, out;
  for (NetworkTensor t : model.constants()) of_model[model.info(t).name] = model.constant_value(t);
  for (const TensorInfo& w : known)
    if (const auto it = of_model.find(w.name); it != of_model.end()) out.insert(*it);
  return out;
}

void time_refit(const Engine& engine) {
  constexpr int kTimes = 10;
  const auto begin = Clock::now();
  for (int i = 0; i < kTimes; ++i) cli::check(engine.refit({}).status());
  info("Engine refitted {} times, average time {:.6g} sec.", kTimes, since(begin) / kTimes);
}

}  // namespace

bool wants_refit(const Options& options) {
  return options.has("--refit") || options.has("--refitFromOnnx") || options.has("--timeRefit") ||
         options.has("--dumpRefit") || options.has("--stripWeights") || options.has("--stripAllWeights");
}

Engine refitted(const Options& options, Engine engine) {
  if (options.has("--dumpRefit"))
    for (const TensorInfo& w : cli::take(engine.weights()))
      info("Refittable weights: {} {}", w.name, fmt::join(w.dims, "x"));
  if (const std::string path = options.text("--refitFromOnnx"); !path.empty()) {
    const Network model = cli::take(Network::from_onnx(path));
    const auto begin = Clock::now();
    const auto weights = weights_of(model, cli::take(engine.weights()));
    engine = cli::take(engine.refit(weights));
    info("Engine refitted with {} weights of {} in {:.6g} sec.", weights.size(), path, since(begin));
  }
  if (options.has("--timeRefit")) time_refit(engine);
  return engine;
}

}  // namespace ingot::trtexec
