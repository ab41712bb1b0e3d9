// Text to graph (text.h describes the form). Types are inferred at the end, over the whole graph: bodies of
// control flow get theirs from the node that holds them.
#include <unordered_map>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/text_tensor.h"

namespace ingot {
namespace {

constexpr int kMaxDepth = 32;  // of subgraphs

// A result's type as it is written down.
struct StatedType {
  const Value* value;
  TensorType type;
};

AttrValue empty_value(size_t kind) {
  static const AttrValue kEmpty[] = {int64_t{}, float{},   std::string(), Ints(),
                                     Floats(),  Strings(), Tensor()};
  return kEmpty[kind];
}

class Parser {
 public:
  Parser(std::string_view text, std::span<const Tensor> weights) : scanner_(text), tensors_(weights) {}

  Result<std::unique_ptr<Graph>> whole_graph() {
    INGOT_ASSIGN_OR_RETURN(auto g, graph(nullptr));
    if (!scanner_.at_end()) return scanner_.error("the end");
    INGOT_RETURN_IF_ERROR(infer(*g));
    for (const StatedType& s : stated_) INGOT_RETURN_IF_ERROR(check_stated(s));
    return g;
  }

 private:
  using Names = std::unordered_map<std::string, Value*>;

  Result<std::unique_ptr<Graph>> graph(const Graph* outer) {
    if (++depth_ > kMaxDepth) return scanner_.fail(str("more than ", kMaxDepth, " graphs inside each other"));
    if (!scanner_.accept_word("graph")) return scanner_.error("'graph'");
    INGOT_ASSIGN_OR_RETURN(std::string name, scanner_.at_string() ? scanner_.string() : scanner_.name());
    auto g = std::make_unique<Graph>(std::move(name));
    if (outer != nullptr) g->set_fresh_counter(outer->fresh_counter());
    Names names;
    INGOT_RETURN_IF_ERROR(scanner_.expect('('));
    while (!scanner_.accept(')')) {
      if (!g->inputs().empty()) INGOT_RETURN_IF_ERROR(scanner_.expect(','));
      INGOT_ASSIGN_OR_RETURN(std::string input, scanner_.name());
      TensorType type;  // the inputs of a body may leave it out
      if (scanner_.accept(':')) {
        INGOT_ASSIGN_OR_RETURN(type, scanner_.type());
      } else if (outer == nullptr) {
        return scanner_.error("':' and the input's type");
      }
      INGOT_RETURN_IF_ERROR(define(names, input, g->add_input(input, std::move(type))));
    }
    INGOT_RETURN_IF_ERROR(scanner_.expect('{'));
    while (!scanner_.accept_word("return")) INGOT_RETURN_IF_ERROR(statement(*g, names));
    std::vector<Value*> outputs;
    while (!scanner_.accept('}')) {
      if (!outputs.empty()) INGOT_RETURN_IF_ERROR(scanner_.expect(','));
      INGOT_ASSIGN_OR_RETURN(Value * v, use(names));
      if (v == nullptr) return scanner_.fail("a graph's output cannot be '_'");
      outputs.push_back(v);
    }
    g->set_outputs(std::move(outputs));
    --depth_;
    return g;
  }

  struct Target {
    std::string name;  // empty: "_"
    TensorType type;
  };

  Status statement(Graph& g, Names& names) {
    std::vector<Target> targets;
    do {
      Target t;
      if (!scanner_.accept_word("_")) {
        INGOT_ASSIGN_OR_RETURN(t.name, scanner_.name());
        if (scanner_.accept(':')) {
          INGOT_ASSIGN_OR_RETURN(t.type, scanner_.type());
        }
      }
      targets.push_back(std::move(t));
    } while (scanner_.accept(','));
    INGOT_RETURN_IF_ERROR(scanner_.expect('='));

    const Scanner before = scanner_;
    const std::string_view op = scanner_.word();
    if (!scanner_.peek('[')) return node(g, names, op, targets);
    scanner_ = before;
    if (targets.size() != 1 || targets[0].name.empty()) return scanner_.fail("a constant has one name");
    INGOT_ASSIGN_OR_RETURN(Tensor value, tensors_.parse(scanner_));
    return define(names, targets[0].name, g.add_constant(targets[0].name, std::move(value)));
  }

  Status node(Graph& g, Names& names, std::string_view op_name, const std::vector<Target>& targets) {
    const OpDef* op = find_op(op_name);
    if (op == nullptr) return scanner_.fail(str("unknown op ", quote_string(op_name)));
    INGOT_RETURN_IF_ERROR(scanner_.expect('('));
    std::vector<Value*> inputs;
    size_t captures = 0;
    bool capturing = false;
    for (bool first = true; !scanner_.accept(')'); first = false) {
      if (!capturing && scanner_.accept(';')) {
        capturing = true;
      } else if (!first) {
        INGOT_RETURN_IF_ERROR(scanner_.expect(','));
      }
      INGOT_ASSIGN_OR_RETURN(Value * v, use(names));
      inputs.push_back(v);
      captures += capturing;
    }
    Attrs attrs;
    if (scanner_.accept('{')) INGOT_RETURN_IF_ERROR(attributes(*op, attrs));
    std::string name;
    if (scanner_.accept_word("as")) {
      INGOT_ASSIGN_OR_RETURN(name, scanner_.string());
    }
    Node* n = g.add_node(*op, std::move(inputs), std::move(attrs), targets.size(), std::move(name));
    g.set_captures(n, captures);
    for (std::string_view body : op->subgraphs) {
      if (!scanner_.accept_word(body)) return scanner_.error(str("'", body, "'"));
      INGOT_RETURN_IF_ERROR(scanner_.expect('='));
      INGOT_ASSIGN_OR_RETURN(auto sub, graph(&g));
      g.add_subgraph(n, std::string(body), std::move(sub));
    }
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].name.empty()) {
        g.drop_output(n, i);
        continue;
      }
      g.rename(n->output(i), targets[i].name);
      INGOT_RETURN_IF_ERROR(define(names, targets[i].name, n->output(i)));
      if (targets[i].type.dtype != DataType::kInvalid) stated_.push_back({n->output(i), targets[i].type});
    }
    return {};
  }

  Status attributes(const OpDef& op, Attrs& attrs) {
    for (bool first = true; !scanner_.accept('}'); first = false) {
      if (!first) INGOT_RETURN_IF_ERROR(scanner_.expect(','));
      const std::string_view name = scanner_.word();
      const AttrSpec* spec = nullptr;
      for (const AttrSpec& s : op.attrs)
        if (s.name == name) spec = &s;
      if (spec == nullptr) return scanner_.fail(str(op.name, " has no attribute ", quote_string(name)));
      INGOT_RETURN_IF_ERROR(scanner_.expect('='));
      AttrValue value = empty_value(spec->kind);
      INGOT_RETURN_IF_ERROR(std::visit([&](auto& v) { return attribute(v); }, value));
      attrs.set(name, std::move(value));
    }
    return {};
  }

  template <class T>
  Status attribute(T& value) {
    auto read = [&] {
      if constexpr (std::is_same_v<T, std::string>)
        return scanner_.string();
      else if constexpr (std::is_same_v<T, Tensor>)
        return tensors_.parse(scanner_);
      else
        return scanner_.number<T>();
    };
    INGOT_ASSIGN_OR_RETURN(value, read());
    return {};
  }
  template <class T>
  Status attribute(std::vector<T>& values) {
    INGOT_RETURN_IF_ERROR(scanner_.expect('['));
    while (!scanner_.accept(']')) {
      if (!values.empty()) INGOT_RETURN_IF_ERROR(scanner_.expect(','));
      INGOT_RETURN_IF_ERROR(attribute(values.emplace_back()));
    }
    return {};
  }

  Status define(Names& names, const std::string& name, Value* value) {
    if (!names.emplace(name, value).second) return scanner_.fail(quote_string(name) + " is defined twice");
    return {};
  }

  // A value that is already defined; null for '_'.
  Result<Value*> use(const Names& names) {
    if (scanner_.accept_word("_")) return static_cast<Value*>(nullptr);
    INGOT_ASSIGN_OR_RETURN(const std::string name, scanner_.name());
    const auto it = names.find(name);
    if (it == names.end()) return scanner_.fail(quote_string(name) + " is not defined");
    return it->second;
  }

  // Sizes that only a run can tell get their symbols from inference, so only what is constant is compared.
  static Status check_stated(const StatedType& s) {
    const TensorType& got = s.value->type();
    const bool both_ranked = got.ranked && s.type.ranked;
    bool fits = got.dtype == s.type.dtype && (!both_ranked || got.rank() == s.type.rank());
    for (size_t i = 0; fits && both_ranked && i < got.shape.size(); ++i)
      fits = !got.shape[i].is_const() || !s.type.shape[i].is_const() || got.shape[i] == s.type.shape[i];
    if (fits) return {};
    return corrupt("graph text: ", quote_name(s.value->name()), " is stated as ", s.type.to_string(),
                   ", but inferred as ", got.to_string());
  }

  Scanner scanner_;
  TensorParser tensors_;
  std::vector<StatedType> stated_;
  int depth_ = 0;
};

}  // namespace

Result<std::unique_ptr<Graph>> parse_graph(std::string_view text, std::span<const Tensor> weights) {
  return Parser(text, weights).whole_graph();
}

Result<TensorType> parse_type(std::string_view text) {
  Scanner scanner(text);
  INGOT_ASSIGN_OR_RETURN(TensorType type, scanner.type());
  if (!scanner.at_end()) return scanner.error("the end");
  return type;
}

}  // namespace ingot
