#include "compiler/lower.h"

#include <algorithm>
#include <set>

#include "ir/infer.h"

namespace ingot {

namespace {

const std::set<std::string_view> kReshapes = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"};

class Lowering {
 public:
  Lowering(const Graph& graph, const LoweringOptions& options, WeightTable& weights)
      : graph_(graph), options_(options), target_(*options.target), weights_(weights) {}

  Result<Plan> run() {
    plan_.device = target_.device();
    plan_.arch = target_.arch();
    plan_.threads = target_.threads();
    plan_.block = target_.block();
    find_computed();
    layouts_ = choose_layouts(graph_, target_, options_.shapes);
    for (const Value* v : graph_.inputs()) {
      plan_.inputs.push_back(add_tensor(v->name(), v->type(), Layout::kPlain));
      home_[v] = {Layout::kPlain, plan_.inputs.back()};
      collect(v->type());
    }
    for (const auto& node : graph_.nodes()) {
      if (!needed_.contains(node.get()) || is_reshape(*node)) continue;
      Offer& offer = offers_[node.get()] = target_.candidates(*node, options_.shapes, layout_of(*node));
      if (options_.prepare) options_.prepare(*node, offer);
    }
    for (const auto& node : graph_.nodes())
      if (needed_.contains(node.get()))
        INGOT_RETURN_IF_ERROR(lower_node(*node).with_context(describe(*node)));
    for (const Value* v : graph_.outputs()) {
      INGOT_ASSIGN_OR_RETURN(const TensorId t, own_tensor(v));
      tensor(t).name = v->name();  // which users know, also where it is a plain copy of a blocked result
      plan_.outputs.push_back(t);
    }
    make_views(plan_);
    return std::move(plan_);
  }

 private:
  struct Home {
    Layout layout;
    TensorId tensor;
  };

  TensorId add_tensor(const std::string& name, const TensorType& type, Layout layout) {
    PlanTensor t;
    t.name = name;
    t.type = type;
    t.layout = layout;
    plan_.tensors.push_back(std::move(t));
    return static_cast<TensorId>(plan_.tensors.size() - 1);
  }
  PlanTensor& tensor(TensorId t) { return plan_.tensors[static_cast<size_t>(t)]; }

  TensorId add_weight(const std::string& name, const TensorType& type, int32_t weight) {
    const TensorId t = add_tensor(name, type, Layout::kPlain);
    tensor(t).weight = weight;
    return t;
  }

  static std::vector<std::string> symbols_in(const Shape& dims) {
    std::vector<std::string> names;
    for (const Dim& d : dims) d.collect_symbols(names);
    return names;
  }

  // Shape arithmetic needs no steps where inference knows its results: the executor writes those. Finds these
  // values, and the nodes that are left.
  void find_computed() {
    std::set<std::string> known = known_symbols_;
    std::map<std::string, const Node*> first;  // where a symbol comes from; null: from an input
    for (const Value* v : graph_.inputs())
      for (std::string& name : symbols_in(v->shape())) known.insert(std::move(name));
    for (const auto& node : graph_.nodes()) {
      for (const Value* v : node->outputs())
        if (v != nullptr && holds_sizes(*v, known)) computed_.insert(v);
      for (const Value* v : node->outputs())
        if (v != nullptr)
          for (const std::string& name : symbols_in(v->shape()))
            if (known.insert(name).second) first[name] = node.get();
    }
    std::vector<const Value*> todo(graph_.outputs().begin(), graph_.outputs().end());
    auto need = [&](const Node* node) {
      if (node != nullptr && needed_.insert(node).second)
        todo.insert(todo.end(), node->inputs().begin(), node->inputs().end());
    };
    while (!todo.empty()) {
      const Value* v = todo.back();
      todo.pop_back();
      if (v == nullptr) continue;
      if (!computed_.contains(v)) {
        need(v->producer());
      } else {
        for (const std::string& name : symbols_in(*v->contents()))
          if (auto it = first.find(name); it != first.end()) need(it->second);
      }
    }
  }

  static bool holds_sizes(const Value& v, const std::set<std::string>& known) {
    const DataType type = v.dtype();
    if (!v.contents() || v.contents()->empty() || !v.type().ranked || !is_static(v.shape())) return false;
    if (type != DataType::kI64 && type != DataType::kI32 && type != DataType::kBool) return false;
    const auto names = symbols_in(*v.contents());
    return std::all_of(names.begin(), names.end(), [&](const std::string& n) { return known.contains(n); });
  }

  void collect(const TensorType& type) {
    for (std::string& name : symbols_in(type.shape)) known_symbols_.insert(std::move(name));
  }

  // The plan tensor that holds `v` in `layout`, with a copying step where its producer left it in another.
  Result<TensorId> get(const Value* v, Layout layout) {
    if (auto it = copies_.find({v, layout}); it != copies_.end()) return it->second;
    if (computed_.contains(v)) {
      const TensorId t = add_tensor(v->name(), v->type(), Layout::kPlain);
      tensor(t).contents = *v->contents();
      return copies_[{v, layout}] = t;
    }
    if (v->is_constant()) {
      if (layout == Layout::kPlain)
        return copies_[{v, layout}] =
                   add_weight(v->name(), v->constant().type(), weights_.add(v->constant()));
      const PackedInput blocked{0, str("blocked/", plan_.block),
                                [&] { return block_channels(v->constant()); }};
      INGOT_ASSIGN_OR_RETURN(const int32_t weight, weights_.add_packed(v->constant(), blocked));
      const TensorId t = add_weight(v->name() + ".blocked", v->constant().type(), weight);
      tensor(t).layout = layout;
      return copies_[{v, layout}] = t;
    }
    const Home home = home_.at(v);
    if (home.layout == layout) return home.tensor;
    const TensorId copy =
        add_tensor(v->name() + (layout == Layout::kPlain ? ".plain" : ".blocked"), v->type(), layout);
    if (same_bytes(*v)) {
      tensor(copy).alias_of = home.tensor;
    } else {
      emit_step(target_.reorder(v->type(), home.layout, layout), "reorder " + v->name(), {home.tensor},
                {copy});
    }
    return copies_[{v, layout}] = copy;
  }

  // A constant in blocked layout under its own dims: its channels have to fill whole blocks.
  Result<Tensor> block_channels(const Tensor& plain) const {
    const Dims& d = plain.dims();
    const int64_t block = plan_.block != 0 || d.size() < 2 ? plan_.block : d[1];
    const size_t size = byte_size(plain.dtype(), 1);
    if (d.size() < 3 || byte_size(plain.dtype(), 2) != 2 * size || plain.size() == 0 || d[1] % block != 0)
      return internal_error("a constant of ", dims_to_string(d), " is wanted in blocks of ", block);
    INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(plain.dtype(), d));
    const int64_t pixels = plain.size() / (d[0] * d[1]);
    const auto* src = static_cast<const std::byte*>(plain.data());
    auto* dst = static_cast<std::byte*>(out.mutable_data());
    for (int64_t b = 0; b < d[0] * d[1] / block; ++b)
      for (int64_t p = 0; p < pixels; ++p)
        for (int64_t c = 0; c < block; ++c, dst += size)
          std::copy_n(src + static_cast<size_t>((b * block + c) * pixels + p) * size, size, dst);
    return out;
  }

  // Blocked and plain bytes are the same when the block divides the channels and everything after them is 1.
  bool same_bytes(const Value& v) const {
    const Shape& s = v.shape();
    if (!v.type().ranked || s.size() < 2 || !s[1].is_const()) return false;
    if (plan_.block != 0 && s[1].value() % plan_.block != 0) return false;
    return std::all_of(s.begin() + 2, s.end(), [](const Dim& d) { return d.is(1); });
  }

  PlanStep& emit_step(const Candidate& c, std::string name, std::vector<TensorId> inputs,
                      std::vector<TensorId> outputs) {
    PlanStep s;
    s.op = c.op;
    s.kernel = c.kernel;
    s.name = std::move(name);
    s.args = c.args;
    s.inputs = std::move(inputs);
    s.outputs = std::move(outputs);
    s.inplace = c.inplace;
    plan_.steps.push_back(std::move(s));
    return plan_.steps.back();
  }

  // True where the shape follows from symbols that are known by then; otherwise the step that makes the value
  // has to size it.
  bool is_sized(const TensorType& type) const {
    if (!type.ranked) return false;
    const auto names = symbols_in(type.shape);
    return std::all_of(names.begin(), names.end(),
                       [&](const std::string& n) { return known_symbols_.contains(n); });
  }

  Layout layout_of(const Node& node) {
    return node.output() == nullptr ? Layout::kPlain : layouts_[node.output()];
  }

  static bool is_reshape(const Node& node) {
    return kReshapes.contains(node.op().name) && !node.input(0)->is_constant() &&
           node.input(0)->type().ranked;
  }
  // Reshapes of plain tensors are views.
  bool is_view(const Node& node) const { return is_reshape(node) && is_sized(node.output()->type()); }

  Status lower_node(const Node& node) {
    if (is_view(node)) {
      INGOT_ASSIGN_OR_RETURN(const TensorId from, get(node.input(0), Layout::kPlain));
      const TensorId view = add_tensor(node.output()->name(), node.output()->type(), Layout::kPlain);
      tensor(view).alias_of = from;
      home_[node.output()] = {Layout::kPlain, view};
      return {};
    }
    const auto made = offers_.extract(&node);
    const Offer offer = made ? made.mapped() : target_.candidates(node, options_.shapes, layout_of(node));
    if (offer.candidates.empty()) return internal_error("no kernel was offered");
    Choice choice;
    const bool sized = std::all_of(node.outputs().begin(), node.outputs().end(),
                                   [&](const Value* v) { return v == nullptr || is_sized(v->type()); });
    if (!sized) {
      while (!offer.candidates[choice.index].sizes_outputs)
        ++choice.index;  // at last the reference kernel does
    } else if (options_.choose) {
      INGOT_ASSIGN_OR_RETURN(choice, options_.choose(node, offer));
    }
    return emit_node(node, offer.candidates[choice.index], std::move(choice.timed));
  }

  Status emit_node(const Node& node, const Candidate& c, std::vector<KernelTime> timed) {
    std::vector<TensorId> inputs, outputs;
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* v = node.inputs()[i];
      auto packed =
          std::find_if(c.packed.begin(), c.packed.end(), [&](const PackedInput& p) { return p.input == i; });
      if (v == nullptr) {
        inputs.push_back(kNoTensor);
      } else if (packed != c.packed.end()) {
        INGOT_ASSIGN_OR_RETURN(const TensorId t, get_packed(v, *packed));
        inputs.push_back(t);
      } else {
        INGOT_ASSIGN_OR_RETURN(const TensorId t, get(v, c.inputs[i]));
        inputs.push_back(t);
      }
    }
    for (size_t i = 0; i < node.outputs().size(); ++i) {
      const Value* v = node.outputs()[i];
      outputs.push_back(v == nullptr ? kNoTensor : add_tensor(v->name(), v->type(), c.outputs[i]));
      if (v == nullptr) continue;
      home_[v] = {c.outputs[i], outputs.back()};
      collect(v->type());
    }
    PlanStep& step = emit_step(c, step_name(node), std::move(inputs), std::move(outputs));
    const Cost cost = node_cost(node);
    step.flops = cost.flops;
    step.bytes = cost.bytes;
    step.timed = std::move(timed);
    step.captures = static_cast<int32_t>(node.captures());
    return lower_bodies(node, step);
  }

  Status lower_bodies(const Node& node, PlanStep& step) {
    for (const auto& [attribute, body] : node.subgraphs()) {
      LoweringOptions options = options_;
      Lowering inner(*body, options, weights_);
      inner.known_symbols_ = known_symbols_;
      INGOT_ASSIGN_OR_RETURN(Plan plan, inner.run());
      step.subplans.emplace_back(attribute, static_cast<int32_t>(plan_.subplans.size()));
      plan_.subplans.push_back(std::move(plan));
    }
    return {};
  }

  Result<TensorId> get_packed(const Value* v, const PackedInput& packed) {
    INGOT_ASSIGN_OR_RETURN(const int32_t weight, weights_.add_packed(v->constant(), packed));
    auto [known, is_new] = packed_.try_emplace(weight, kNoTensor);
    if (is_new) known->second = add_weight(v->name(), weights_.type(weight), weight);
    return known->second;
  }

  // Zero where a rank is known to the run only.
  Cost node_cost(const Node& node) const {
    auto unranked = [](const Value* v) { return v != nullptr && !v->type().ranked; };
    if (std::any_of(node.inputs().begin(), node.inputs().end(), unranked) ||
        std::any_of(node.outputs().begin(), node.outputs().end(), unranked))
      return {};
    CostContext c{node.attrs(), {}, {}};
    auto view = [&](const Value* v) {
      return v == nullptr ? TensorView{} : TensorView{v->dtype(), options_.shapes.dims(*v), nullptr};
    };
    for (size_t i = 0; i + node.captures() < node.inputs().size(); ++i)
      c.inputs.push_back(view(node.inputs()[i]));
    for (const Value* v : node.outputs()) c.outputs.push_back(view(v));
    return op_cost(node.op(), c);
  }

  // A tensor of its own for a plan output: inputs, constants, views and values that are output twice are
  // copied.
  Result<TensorId> own_tensor(const Value* v) {
    INGOT_ASSIGN_OR_RETURN(const TensorId t, get(v, Layout::kPlain));
    const bool taken = std::count(plan_.outputs.begin(), plan_.outputs.end(), t) > 0 ||
                       std::count(plan_.inputs.begin(), plan_.inputs.end(), t) > 0;
    if (!taken && tensor(t).weight < 0 && tensor(t).contents.empty() && tensor(t).alias_of == kNoTensor) {
      tensor(t).name = v->name();  // and not that of the copy in another layout
      return t;
    }
    const TensorId copy = add_tensor(v->name(), v->type(), Layout::kPlain);
    Candidate c = target_.reorder(v->type(), Layout::kPlain, Layout::kPlain);
    emit_step(c, "copy " + v->name(), {t}, {copy});
    return copy;
  }

  const Graph& graph_;
  const LoweringOptions& options_;
  const Target& target_;
  WeightTable& weights_;
  Plan plan_;
  LayoutMap layouts_;
  std::map<const Node*, Offer> offers_;  // of nodes that are still to be lowered
  std::map<const Value*, Home> home_;
  std::map<std::pair<const Value*, Layout>, TensorId> copies_;
  std::map<int32_t, TensorId> packed_;  // by weight
  std::set<std::string> known_symbols_;
  std::set<const Value*> computed_;  // hold sizes that the executor writes
  std::set<const Node*> needed_;
};

}  // namespace

std::string step_name(const Node& node) {
  if (!node.name().empty()) return node.name();
  return node.output() ? node.output()->name() : std::string(node.op().name);
}

Result<Plan> lower(const Graph& graph, const LoweringOptions& options, WeightTable& weights) {
  return Lowering(graph, options, weights).run();
}

}  // namespace ingot
