// INT8 for models without quantizers: ranges of activations from samples, run in float32 on the CPU, or from
// a cache of an earlier calibration.
#include "api/calibrate.h"

#include <nlohmann/json.hpp>

#include "api/compile_impl.h"
#include "ingot/histogram.h"
#include "ir/infer.h"
#include "passes/impossible_branches.h"
#include "passes/insert_quantizers.h"
#include "passes/pass.h"

namespace ingot {
namespace {

using Ranges = std::map<std::string, double>;

Result<Ranges> read_ranges(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return corrupt("the calibration cache is no JSON object of ranges");
  Ranges out;
  for (const auto& [name, range] : json.items()) {
    if (!range.is_number() || range.get<double>() < 0)
      return corrupt("the calibration cache gives no range for '", name, "'");
    out[name] = range.get<double>();
  }
  return out;
}

// The network in float32 with the tensors that get scales as further outputs.
Result<Engine> observed_network(const Graph& graph, const std::vector<std::string>& names) {
  const std::unique_ptr<Graph> observed = graph.clone();
  std::vector<Value*> outputs = observed->outputs();
  for (const std::string& name : names) {
    Value* const v = observed->find_value(name);
    if (!v->is_input() && !observed->is_output(v)) outputs.push_back(v);
  }
  observed->set_outputs(std::move(outputs));
  BuildOptions options;
  options.level = 0;
  return build_graph(*observed, options, {});
}

Result<Ranges> observe(const Graph& graph, const Calibration& calibration) {
  std::vector<std::string> names;
  for (const Value* v : tensors_to_quantize(graph)) names.push_back(v->name());
  INGOT_ASSIGN_OR_RETURN(const Engine engine, observed_network(graph, names));
  INGOT_ASSIGN_OR_RETURN(Context context, engine.context());
  std::map<std::string, Histogram> histograms;
  std::map<std::string, TensorRef> inputs;
  for (; calibration.next && calibration.next(inputs); inputs.clear()) {
    for (const auto& [name, tensor] : inputs) INGOT_RETURN_IF_ERROR(context.set_input(name, tensor));
    INGOT_RETURN_IF_ERROR(context.run());
    for (const std::string& name : names) {
      const auto given = inputs.find(name);
      TensorRef t = given != inputs.end() ? given->second : TensorRef{};
      if (given == inputs.end()) {
        INGOT_ASSIGN_OR_RETURN(t, context.output(name));
      }
      histograms[name].add({static_cast<const float*>(t.data), static_cast<size_t>(t.size())});
    }
  }
  if (histograms.empty() && !names.empty())
    return failed_precondition("there were no samples to calibrate with");
  Ranges out;
  for (const auto& [name, histogram] : histograms)
    out[name] = calibration.method == Calibration::kMinMax ? histogram.largest() : histogram.entropy_range();
  return out;
}

bool has_quantizers(const Graph& graph) {
  for (const auto& node : graph.nodes())
    if (node->is("QuantizeLinear") || node->is("DequantizeLinear")) return true;
  return false;
}

}  // namespace

Status calibrate(Graph& graph, const Calibration& calibration, std::vector<std::string>& notes) {
  INGOT_RETURN_IF_ERROR(infer_and_cut_branches(graph, notes));
  if (has_quantizers(graph)) {
    notes.push_back("the calibration is without effect: the model has quantizers of its own");
    return {};
  }
  // Weights are quantized as they are used: with what normalisation makes of them.
  for (const auto pass : {passes::fold_constants, passes::remove_identities, passes::fold_scales}) {
    INGOT_RETURN_IF_ERROR(pass(graph));
    INGOT_RETURN_IF_ERROR(infer(graph));
  }
  const std::string cached = calibration.read_cache ? calibration.read_cache() : "";
  Ranges ranges;
  if (!cached.empty()) {
    INGOT_ASSIGN_OR_RETURN(ranges, read_ranges(cached));
  } else {
    INGOT_ASSIGN_OR_RETURN(ranges, observe(graph, calibration));
    if (calibration.write_cache) calibration.write_cache(nlohmann::json(ranges).dump(1) + "\n");
  }
  INGOT_RETURN_IF_ERROR(insert_quantizers(graph, ranges));
  return infer(graph);
}

}  // namespace ingot
