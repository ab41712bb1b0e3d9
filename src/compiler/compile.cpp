#include "compiler/compile.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "compiler/kept_choices.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "passes/impossible_branches.h"
#include "passes/pass.h"
#include "passes/pipeline.h"
#include "tune/tuner.h"

namespace ingot {
namespace {

using Clock = std::chrono::steady_clock;

// The graph's text, that of what it was before if that is kept, and their constants; a plan's packed weights
// follow in the same table.
void store_graph(const Graph& graph, const Graph* source, EngineImage& engine) {
  std::vector<Tensor> constants;
  PrintOptions options;
  options.weights = &constants;
  engine.graph = print(graph, options);
  if (source != nullptr) engine.source = print(*source, options);
  for (Tensor& t : constants) engine.weights.push_back({std::move(t), ""});
}

Status go_on(const CompileOptions& options) {
  if (options.cancelled && options.cancelled())
    return {StatusCode::kCancelled, "the build was asked to stop"};
  return {};
}

// `chosen` counts the nodes that have their kernels, over all plans.
Result<Plan> make_plan(const Graph& graph, const CompileProfile& profile, const Target& target,
                       Device& device, const CompileOptions& compile, const Plan* like, TimingCache& cache,
                       WeightTable& weights, size_t& chosen, TuningStats& stats) {
  INGOT_ASSIGN_OR_RETURN(SymbolValues symbols, opt_symbols(graph, profile));
  LoweringOptions options;
  options.target = &target;
  options.shapes = OptShapes(std::move(symbols));
  size_t constant_bytes = 0;
  for (const Value* v : graph.constants()) constant_bytes += v->constant().bytes();
  Tuner tuner(target, device, options.shapes, compile.level, cache, constant_bytes);
  KeptChoices kept;
  if (like != nullptr) kept = KeptChoices(*like);
  const size_t total = graph.nodes().size() * std::max<size_t>(compile.profiles.size(), 1);
  options.choose = [&](const Node& node, const Offer& offer) {
    if (const Status status = go_on(compile); !status.ok()) return Result<Choice>(status);
    // Bodies have nodes of their own, which are not counted before.
    if (compile.progress)
      compile.progress("tune", static_cast<double>(std::min(chosen, total)), static_cast<double>(total));
    ++chosen;
    if (auto choice = kept.find(node, offer)) return Result<Choice>(std::move(*choice));
    return tuner.choose(node, offer);
  };
  options.prepare = [&](const Node& node, const Offer& offer) { tuner.prepare(node, offer); };
  INGOT_ASSIGN_OR_RETURN(Plan plan, lower(graph, options, weights));
  if (device.has_binaries()) INGOT_RETURN_IF_ERROR(add_binaries(plan, options.shapes, device, weights));
  for (const auto& [name, range] : profile) plan.profile.push_back(range);
  stats.measured += tuner.stats().measured;
  stats.cached += tuner.stats().cached;
  stats.without_memory += tuner.stats().without_memory;
  stats.seconds += tuner.stats().seconds;
  return plan;
}

Status add_plans(const Graph& graph, const Target& target, Device& device, const CompileOptions& options,
                 EngineImage& engine, TuningStats& stats) {
  TimingCache cache;
  if (!options.timing_cache.empty()) INGOT_RETURN_IF_ERROR(cache.load(options.timing_cache));
  WeightTable weights(std::move(engine.weights));
  const std::vector<CompileProfile> any = {{}};
  size_t chosen = 0;
  for (const CompileProfile& profile : options.profiles.empty() ? any : options.profiles) {
    const size_t at = engine.plans.size();
    const Plan* like = options.like != nullptr && at < options.like->size() ? &(*options.like)[at] : nullptr;
    INGOT_ASSIGN_OR_RETURN(
        Plan plan, make_plan(graph, profile, target, device, options, like, cache, weights, chosen, stats));
    engine.plans.push_back(std::move(plan));
  }
  engine.weights = weights.take(engine.plans);
  if (!options.timing_cache.empty() && cache.changed())
    INGOT_RETURN_IF_ERROR(cache.save(options.timing_cache));
  for (const Plan& plan : engine.plans) {
    const Status status = validate(plan, engine.weights.size());
    if (!status.ok()) return internal_error("the plan that was made is not valid: ", status.message());
  }
  return {};
}

// What is guessed of an open dim at most: a window of half a second of sound.
constexpr int64_t kLargestGuess = 1 << 14;

// Whether some tensor has no elements at these sizes, as where a window is wider than what it looks at.
bool leaves_tensors_empty(const Graph& graph, const SymbolValues& symbols) {
  for (const auto& node : graph.nodes()) {
    for (const auto& [name, body] : node->subgraphs())
      if (leaves_tensors_empty(*body, symbols)) return true;
    for (const Value* v : node->outputs()) {
      if (v == nullptr) continue;
      for (const Dim& d : v->shape())
        if (const auto size = d.eval(symbols); !d.is_const() && size.ok() && *size < 1) return true;
    }
  }
  return false;
}

}  // namespace

Result<SymbolValues> opt_symbols(const Graph& graph, const CompileProfile& profile) {
  SymbolValues symbols;
  for (const Value* v : graph.inputs()) {
    auto it = profile.find(v->name());
    if (it == profile.end() || !v->type().ranked) continue;
    for (const Dims* dims : {&it->second.min, &it->second.max}) {
      SymbolValues bounds;
      INGOT_RETURN_IF_ERROR(
          bind_dims(v->shape(), *dims, bounds).with_context(str("profile of input '", v->name(), "'")));
    }
    INGOT_RETURN_IF_ERROR(bind_dims(v->shape(), it->second.opt, symbols)
                              .with_context(str("profile of input '", v->name(), "'")));
  }
  std::vector<std::string> guessed;
  for (const Value* v : graph.inputs()) {
    for (size_t i = 0; i < v->shape().size(); ++i) {
      std::vector<std::string> names;
      v->shape()[i].collect_symbols(names);
      for (const std::string& name : names)
        if (symbols.try_emplace(name, i == 0 ? 1 : OptShapes::kUnknownSize).second && i > 0)
          guessed.push_back(name);
    }
  }
  const auto guess = [&](int64_t size) {
    for (const std::string& name : guessed) symbols[name] = size;
  };
  for (int64_t size = OptShapes::kUnknownSize; size <= kLargestGuess; size *= 2) {
    guess(size);
    if (!leaves_tensors_empty(graph, symbols)) return symbols;
  }
  guess(OptShapes::kUnknownSize);
  return symbols;
}

std::vector<CompileProfile> profiles_of(const EngineImage& engine) {
  std::vector<CompileProfile> out;
  for (const Plan& plan : engine.plans) {
    CompileProfile& profile = out.emplace_back();
    for (const ProfileInput& p : plan.profile) profile[p.name] = p;
  }
  return out;
}

Result<std::shared_ptr<EngineImage>> compile(Graph& graph, const Target& target, Device& device,
                                             const CompileOptions& options, CompileStats* stats) {
  CompileStats unwanted;
  if (stats == nullptr) stats = &unwanted;
  auto seconds = [last = Clock::now()]() mutable {
    const auto before = std::exchange(last, Clock::now());
    return std::chrono::duration<double>(last - before).count();
  };
  const size_t imported = graph.nodes().size();
  INGOT_RETURN_IF_ERROR(go_on(options));
  INGOT_RETURN_IF_ERROR(infer_and_cut_branches(graph, stats->notes));
  INGOT_RETURN_IF_ERROR(verify(graph));
  std::unique_ptr<Graph> source;
  if (options.refittable) {
    source = graph.clone();
    INGOT_RETURN_IF_ERROR(passes::remove_dead_code(*source));
  }
  if (options.progress) options.progress("optimize", 0, 1);
  PassOptions passes;
  passes.disable = options.disable_passes;
  passes.stop_after = options.stop_after;
  passes.floats = options.floats;
  passes.quantized = options.quantized;
  passes.blocked_channels = target.block() > 0;
  passes.narrow_floats = target.has_narrow_floats();
  passes.conv_chains = target.has_conv_chains();
  passes.squeeze_excitation = target.has_squeeze_excitation();
  passes.pooled_layers = target.has_pooled_layers();
  passes.dump_before = options.dump_before;
  passes.dump_after = options.dump_after;
  passes.dump = dump_to_folder(options.dump_dir);
  INGOT_RETURN_IF_ERROR(optimize(graph, passes, &stats->notes));
  INGOT_RETURN_IF_ERROR(go_on(options));
  stats->optimize_seconds = seconds();
  auto engine = std::make_shared<EngineImage>();
  engine->meta = options.meta;
  engine->metadata = options.metadata;
  engine->meta.set("name", graph.name());
  engine->meta.set("floats", std::string(data_type_name(options.floats)));
  engine->meta.set("quantized", static_cast<int64_t>(options.quantized));
  if (!options.disable_passes.empty()) engine->meta.set("disable_passes", options.disable_passes);
  if (!options.stop_after.empty()) engine->meta.set("stop_after", options.stop_after);
  engine->meta.set("layers_imported", static_cast<int64_t>(imported));
  engine->meta.set("layers_optimized", static_cast<int64_t>(graph.nodes().size()));
  store_graph(graph, source.get(), *engine);
  INGOT_RETURN_IF_ERROR(add_plans(graph, target, device, options, *engine, stats->tuning));
  stats->plan_seconds = seconds();
  return engine;
}

Result<std::shared_ptr<EngineImage>> replan(const EngineImage& old, const std::vector<Tensor>& constants,
                                            const Target& target, Device& device,
                                            const CompileOptions& options) {
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Graph> graph, parse_graph(old.graph, constants));
  auto engine = std::make_shared<EngineImage>();
  engine->meta = old.meta;
  engine->metadata = old.metadata;
  engine->graph = old.graph;
  engine->source = old.source;
  // Packed weights of the old plans are left out; the graph's own come first and keep their indices.
  for (size_t i = 0; i < constants.size(); ++i)
    if (old.weights[i].packing.empty()) engine->weights.push_back({constants[i], ""});
  CompileOptions with_profiles = options;
  if (with_profiles.profiles.empty()) with_profiles.profiles = profiles_of(old);
  TuningStats stats;
  INGOT_RETURN_IF_ERROR(add_plans(*graph, target, device, with_profiles, *engine, stats));
  return engine;
}

}  // namespace ingot
