// A graph as text (text.h describes the form).
#include <charconv>

#include "ir/text.h"
#include "ir/text_tensor.h"

namespace ingot {
namespace {

class Printer {
 public:
  Printer(const PrintOptions& options, std::string& out) : options_(options), out_(out) {
    if (options.weights) table_.emplace(*options.weights);
  }

  void graph(const Graph& g, int depth) {
    out_ += "graph " + quote_name(g.name()) + "(";
    list(g.inputs(), [&](const Value* v) {
      value(v);
      if (v->dtype() != DataType::kInvalid) out_ += ": " + v->type().to_string();
    });
    out_ += ") {\n";
    for (const Value* v : g.constants()) {
      indent(depth + 1);
      value(v);
      out_ += " = ";
      print_tensor(v->constant(), table(), out_);
      out_ += '\n';
    }
    for (const auto& n : g.nodes()) {
      indent(depth + 1);
      node(*n, depth + 1);
      out_ += '\n';
    }
    indent(depth + 1);
    out_ += "return ";
    list(g.outputs(), [&](const Value* v) { value(v); });
    out_ += '\n';
    indent(depth);
    out_ += '}';
  }

 private:
  void node(const Node& n, int depth) {
    list(n.outputs(), [&](const Value* v) {
      value(v);
      if (v && options_.types && v->dtype() != DataType::kInvalid) out_ += ": " + v->type().to_string();
    });
    out_ += " = ";
    out_ += n.op().name;
    out_ += '(';
    const size_t own = n.inputs().size() - n.captures();
    const auto input = [&](const Value* v) { value(v); };
    list(std::span(n.inputs()).first(own), input);
    if (n.captures() > 0) out_ += "; ";
    list(std::span(n.inputs()).subspan(own), input);
    out_ += ')';
    if (!n.attrs().empty()) {
      out_ += " {";
      list(n.attrs(), [&](const auto& attr) {
        out_ += attr.first + " = ";
        std::visit([&](const auto& v) { attribute(v); }, attr.second);
      });
      out_ += '}';
    }
    if (!n.name().empty()) out_ += " as " + quote_string(n.name());
    for (std::string_view name : n.op().subgraphs) {  // in the op's order, whatever the node's is
      const Graph* body = n.subgraph(name);
      if (body == nullptr) continue;
      out_ += '\n';
      indent(depth + 1);
      out_ += str(name, " = ");
      graph(*body, depth + 1);
    }
  }

  void value(const Value* v) { out_ += v ? quote_name(v->name()) : "_"; }

  void attribute(int64_t v) { out_ += std::to_string(v); }
  void attribute(float v) {
    char buffer[32];
    out_.append(buffer, std::to_chars(buffer, std::end(buffer), v).ptr);
  }
  void attribute(const std::string& v) { out_ += quote_string(v); }
  void attribute(const Tensor& v) { print_tensor(v, table(), out_); }
  template <class T>
  void attribute(const std::vector<T>& values) {
    out_ += '[';
    list(values, [&](const T& v) { attribute(v); });
    out_ += ']';
  }

  template <class Range, class F>
  void list(const Range& range, F&& item) {
    bool first = true;
    for (const auto& x : range) {
      if (!first) out_ += ", ";
      first = false;
      item(x);
    }
  }
  void indent(int depth) { out_.append(static_cast<size_t>(depth) * 2, ' '); }
  TensorTable* table() { return table_ ? &*table_ : nullptr; }

  const PrintOptions& options_;
  std::string& out_;
  std::optional<TensorTable> table_;
};

}  // namespace

std::string print(const Graph& graph, const PrintOptions& options) {
  std::string out;
  Printer(options, out).graph(graph, 0);
  return out + "\n";
}

}  // namespace ingot
