// For devices whose kernels compute in float32: nodes on float16 and bfloat16 work on float32 instead,
// between Casts. Whoever reads such a result on float32, too, reads it as it was computed.
#include <algorithm>
#include <map>

#include "ir/infer.h"
#include "passes/pass.h"
#include "passes/rewrite.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

constexpr int64_t kOnnxFloat = 1, kOnnxFloat16 = 10, kOnnxBFloat16 = 16;

bool is_narrow(const Value* v) {
  return v != nullptr && (v->dtype() == DataType::kF16 || v->dtype() == DataType::kBF16);
}

// What names a type, or has bodies, keeps its types.
bool keeps_types(const Node& node) {
  return !node.subgraphs().empty() || node.is("Custom") || node.op().name.starts_with("Cast") ||
         node.op().name.ends_with("Cast");
}

class Widening {
 public:
  explicit Widening(Graph& graph) : graph_(graph) {}

  Status run() {
    for (Node* node : graph_.node_list()) {
      const auto narrow = [](const std::vector<Value*>& values) {
        return std::any_of(values.begin(), values.end(), is_narrow);
      };
      if (!keeps_types(*node) && (narrow(node->inputs()) || narrow(node->outputs())))
        INGOT_RETURN_IF_ERROR(convert(*node));
    }
    return {};
  }

 private:
  Result<Value*> cast(Value* v, int64_t to, Node* before) {
    return insert(before, "Cast", {v}, {{"to", to}});
  }

  Result<Value*> widened(Value* v, Node* before) {
    Value*& known = wide_[v];
    if (known != nullptr) return known;
    if (v->is_constant()) {
      INGOT_ASSIGN_OR_RETURN(Tensor data,
                             from_doubles(DataType::kF32, v->constant().dims(), to_doubles(v->constant())));
      return known = graph_.add_constant(v->name(), std::move(data));
    }
    INGOT_ASSIGN_OR_RETURN(Value * made, cast(v, kOnnxFloat, before));
    return wide_[v] = made;
  }

  // The node anew on float32, where the op then gives float32, too; its results as narrow ones behind Casts.
  Status convert(Node& node) {
    std::vector<Value*> inputs = node.inputs();
    for (Value*& v : inputs) {
      if (!is_narrow(v)) continue;
      INGOT_ASSIGN_OR_RETURN(v, widened(v, &node));
    }
    Node* made = graph_.add_node(node.op(), std::move(inputs), node.attrs(), node.outputs().size(),
                                 node.name(), &node);
    const bool fits =
        infer_node(*made).ok() && std::none_of(made->outputs().begin(), made->outputs().end(), is_narrow);
    if (!fits) {
      graph_.erase(made);
      return {};
    }
    for (size_t i = 0; i < node.outputs().size(); ++i) {
      Value* const old = node.output(i);
      if (old == nullptr) {
        graph_.drop_output(made, i);
        continue;
      }
      Value* result = made->output(i);
      if (is_narrow(old)) {
        const bool half = old->dtype() == DataType::kF16;
        INGOT_ASSIGN_OR_RETURN(result, cast(made->output(i), half ? kOnnxFloat16 : kOnnxBFloat16, &node));
        wide_[result] = made->output(i);
      }
      graph_.replace_uses(old, result);
    }
    graph_.erase(&node);
    return {};
  }

  Graph& graph_;
  std::map<Value*, Value*> wide_;
};

}  // namespace

Status widen_floats(Graph& graph) { return Widening(graph).run(); }

}  // namespace ingot::passes
