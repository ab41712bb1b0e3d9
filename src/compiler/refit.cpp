// Other weights for an engine that exists: its network is compiled again with the kernels that it has.
#include <algorithm>

#include "compiler/compile.h"
#include "ir/infer.h"
#include "ir/text.h"

namespace ingot {
namespace {

std::optional<DataType> type_named(const std::string& name) {
  for (DataType type : {DataType::kF32, DataType::kF16, DataType::kBF16})
    if (data_type_name(type) == name) return type;
  return {};
}

// The names in the graph, for messages.
std::string constant_names(const Graph& graph) {
  constexpr size_t kShown = 20;
  std::string out;
  const std::vector<Value*> all = graph.constants();
  for (size_t i = 0; i < std::min(all.size(), kShown); ++i)
    out += str(i == 0 ? "'" : ", '", all[i]->name(), "'");
  return all.size() > kShown ? str(out, " and ", all.size() - kShown, " more") : out;
}

Status replace_constant(Graph& graph, const std::string& name, const Tensor& tensor) {
  Value* old = graph.find_value(name);
  if (old == nullptr || !old->is_constant())
    return invalid_argument("the network has no weight '", name, "', expected one of ",
                            constant_names(graph));
  if (old->constant().type() != tensor.type())
    return invalid_argument("weight '", name, "': got ", tensor.type().to_string(), ", expected ",
                            old->constant().type().to_string());
  Value* fresh = graph.add_constant("", tensor);
  graph.replace_uses(old, fresh);
  graph.erase_constant(old);
  graph.rename(fresh, name);
  return {};
}

}  // namespace

Result<std::unique_ptr<Graph>> source_graph(const EngineImage& engine, const std::vector<Tensor>& weights) {
  if (engine.source.empty())
    return failed_precondition(
        "the engine does not keep the network that it was built from: build it refittable");
  return parse_graph(engine.source, weights);
}

Result<std::shared_ptr<EngineImage>> refit(const EngineImage& engine, Graph& source, const Target& target,
                                           Device& device, const std::map<std::string, Tensor>& constants) {
  for (const auto& [name, tensor] : constants) INGOT_RETURN_IF_ERROR(replace_constant(source, name, tensor));
  CompileOptions options;
  options.level = 0;  // where the form of the network has changed after all, heuristics choose
  options.refittable = true;
  options.profiles = profiles_of(engine);
  options.meta = engine.meta;
  options.metadata = engine.metadata;
  options.floats = type_named(engine.meta.get_string("floats")).value_or(DataType::kF32);
  options.quantized = engine.meta.get_int("quantized", 1) != 0;
  options.disable_passes = engine.meta.get<Strings>("disable_passes");
  options.stop_after = engine.meta.get_string("stop_after");
  options.like = &engine.plans;
  return compile(source, target, device, options);
}

}  // namespace ingot
