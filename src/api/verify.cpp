// verify: engines with and without passes, the optimized graph, and each of its layers against the
// interpreter.
#include "ingot/verify.h"

#include <cmath>

#include "api/compile_impl.h"
#include "ir/infer.h"
#include "ir/interpreter.h"
#include "ops/wide.h"

namespace ingot {

bool VerifyReport::ok() const {
  for (const auto* part : {&without_passes, &passes, &engine, &layers})
    for (const Difference& d : *part)
      if (!d.ok()) return false;
  return true;
}

namespace {

using Inputs = std::map<std::string, TensorRef>;

bool agree(double x, double y, double rtol, double atol) {
  if (std::isnan(y) || std::isnan(x)) return std::isnan(x) && std::isnan(y);
  if (std::isinf(y) || std::isinf(x)) return x == y;
  return std::abs(x - y) <= rtol * std::abs(y) + atol;
}

Difference compare(const std::string& name, const TensorView& got, const TensorView& expected,
                   const VerifyOptions& options) {
  Difference d{name, "", "", 0, 0, expected.size(), ""};
  if (got.dtype != expected.dtype || got.dims != expected.dims) {
    d.note = str("got ", got.type_string(), ", expected ", expected.type_string());
    return d;
  }
  // Doubles hold all but the last bits of large 64-bit integers.
  const std::vector<double> x = ops::load_all<double>(got), y = ops::load_all<double>(expected);
  double squares = 0, finite = 0;
  for (double v : y) {
    if (!std::isfinite(v)) continue;
    squares += v * v;
    ++finite;
  }
  const double atol = options.atol * std::max(1.0, finite > 0 ? std::sqrt(squares / finite) : 0);
  for (size_t i = 0; i < x.size(); ++i) {
    if (!agree(x[i], y[i], options.rtol, atol)) ++d.wrong;
    if (const double off = std::abs(x[i] - y[i]); std::isfinite(off)) d.max_abs = std::max(d.max_abs, off);
  }
  return d;
}

TensorView view(const TensorRef& t) { return {t.dtype, t.dims, t.data}; }

Result<std::vector<Tensor>> inputs_of(const Graph& graph, const Inputs& inputs) {
  std::vector<Tensor> out;
  for (const Value* v : graph.inputs()) {
    const auto it = inputs.find(v->name());
    if (it == inputs.end()) return invalid_argument("input '", v->name(), "' is not given");
    if (it->second.dtype != v->dtype())
      return invalid_argument("input '", v->name(), "': got type ", data_type_name(it->second.dtype),
                              ", expected ", data_type_name(v->dtype()));
    out.push_back(Tensor::wrap(it->second.dtype, it->second.dims, it->second.data, nullptr));
  }
  return out;
}

Result<Context> run_once(const Engine& engine, const Inputs& inputs) {
  INGOT_ASSIGN_OR_RETURN(Context context, engine.context());
  for (const TensorInfo& info : engine.inputs())
    if (const auto it = inputs.find(info.name); it != inputs.end())
      INGOT_RETURN_IF_ERROR(context.set_input(info.name, it->second));
  INGOT_RETURN_IF_ERROR(context.run());
  return context;
}

Result<std::vector<Difference>> compare_engine(const Engine& engine, const Inputs& inputs,
                                               std::span<const Tensor> expected,
                                               const VerifyOptions& options) {
  INGOT_ASSIGN_OR_RETURN(const Context context, run_once(engine, inputs));
  std::vector<Difference> out;
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string& name = engine.outputs()[i].name;
    INGOT_ASSIGN_OR_RETURN(const TensorRef got, context.output(name));
    out.push_back(compare(name, view(got), expected[i].view(), options));
  }
  return out;
}

// Every result becomes an output, so that nothing overwrites it; then the engine of that graph runs once, and
// the interpreter's results are compared as they come.
Result<std::vector<Difference>> compare_layers(Graph& graph, const Inputs& inputs,
                                               const VerifyOptions& options) {
  std::vector<Value*> all;
  for (const auto& node : graph.nodes())
    for (Value* v : node->outputs())
      if (v != nullptr) all.push_back(v);
  const std::unique_ptr<Graph> plain = graph.clone();
  graph.set_outputs(all);
  BuildOptions build = options.build;
  build.disable_passes = {"all"};
  build.progress = {};
  build.stop_after.clear();
  build.dump_before.clear();
  build.dump_after.clear();
  INGOT_ASSIGN_OR_RETURN(const Engine engine, build_graph(graph, build, {}));
  INGOT_ASSIGN_OR_RETURN(const Context context, run_once(engine, inputs));
  std::map<std::string, std::string> kernels;
  for (const LayerTime& l : context.layer_times()) kernels[l.name] = l.op == "eval" ? "reference" : l.kernel;

  std::vector<Difference> out;
  Status failed;
  auto observe = [&](const Node& node, std::span<const Tensor> results) {
    for (size_t i = 0; i < results.size(); ++i) {
      if (node.outputs()[i] == nullptr || !results[i].valid()) continue;
      const auto got = context.output(node.outputs()[i]->name());
      if (!got.ok()) {
        failed = got.status();
        return;
      }
      out.push_back(compare(node.outputs()[i]->name(), view(*got), results[i].view(), options));
      out.back().node = str(node.name(), " (", node.op().name, ")");
      out.back().kernel = kernels[node.name()];
    }
  };
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> given, inputs_of(*plain, inputs));
  INGOT_RETURN_IF_ERROR(interpret(*plain, given, observe).status());
  INGOT_RETURN_IF_ERROR(failed);
  return out;
}

}  // namespace

Result<VerifyReport> verify(const std::string& onnx_path, const Inputs& inputs,
                            const VerifyOptions& options) {
  INGOT_ASSIGN_OR_RETURN(ImportedModel model, import_model(onnx_path, options.build));
  INGOT_RETURN_IF_ERROR(infer(*model.graph));
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> given, inputs_of(*model.graph, inputs));
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> expected, interpret(*model.graph, given));

  VerifyReport report;
  BuildOptions without = options.build;
  without.disable_passes = {"all"};
  const std::unique_ptr<Graph> copy = model.graph->clone();
  INGOT_ASSIGN_OR_RETURN(const Engine plain, build_graph(*copy, without, {}));
  INGOT_ASSIGN_OR_RETURN(report.without_passes, compare_engine(plain, inputs, expected, options));

  INGOT_ASSIGN_OR_RETURN(const Engine engine, build_graph(*model.graph, options.build, {}));
  INGOT_ASSIGN_OR_RETURN(report.engine, compare_engine(engine, inputs, expected, options));

  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Graph> optimized, stored_graph(*engine.impl().image));
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> optimized_inputs, inputs_of(*optimized, inputs));
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> results, interpret(*optimized, optimized_inputs));
  for (size_t i = 0; i < results.size() && i < expected.size(); ++i)
    report.passes.push_back(
        compare(engine.outputs()[i].name, results[i].view(), expected[i].view(), options));
  INGOT_ASSIGN_OR_RETURN(report.layers, compare_layers(*optimized, inputs, options));
  return report;
}

}  // namespace ingot
