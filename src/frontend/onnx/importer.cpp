#include "frontend/onnx/importer.h"

#include <algorithm>
#include <set>

#include "frontend/onnx/graph_order.h"

namespace ingot::onnx_import {
namespace {

constexpr int64_t kMinIr = 3, kMaxIr = 14;
// No real tensor comes near.
constexpr int64_t kMaxElements = int64_t{1} << 40;

// Whether the product of the fixed dims is more than any tensor has.
bool is_absurd(const Shape& shape) {
  int64_t product = 1;
  for (const Dim& d : shape) {
    if (!d.is_const() || d.is(0)) continue;
    if (d.value() > kMaxElements / product) return true;
    product *= d.value();
  }
  return false;
}

}  // namespace

Text canonical_domain(Text domain) { return domain == "ai.onnx" ? Text() : domain; }

Importer::Importer(const ModelProto& model, TensorReader tensors, const ImportOptions& options,
                   ImportReport& report)
    : model_(model), tensors_(std::move(tensors)), options_(options), report_(report) {}

std::unique_ptr<Graph> Importer::import_model() {
  check_model();
  auto graph = std::make_unique<Graph>(model_.graph.name.empty() ? "main" : std::string(model_.graph.name));
  Frame frame{*graph, &opsets_};
  add_initializers(frame, model_.graph);
  add_inputs(frame);
  import_nodes(frame, model_.graph.nodes);
  set_outputs(frame, model_.graph);
  return graph;
}

void Importer::check_model() {
  if (model_.ir_version < kMinIr || model_.ir_version > kMaxIr)
    problem(unsupported("IR version ", model_.ir_version, ", expected ", kMinIr, " to ", kMaxIr));
  opsets_ = read_opsets(model_.opsets);
  for (const FunctionProto& f : model_.functions) {
    const auto key = std::tuple(canonical_domain(f.domain), f.name, f.overload);
    if (!functions_.emplace(key, &f).second) problem(corrupt("function '", f.name, "' is defined twice"));
  }
}

OpsetVersions Importer::read_opsets(const std::vector<OpsetProto>& imports) {
  OpsetVersions versions;
  for (const OpsetProto& o : imports) {
    const Text domain = canonical_domain(o.domain);
    const int newest = newest_opset(domain);
    if (newest > 0 && o.version > newest)
      problem(
          unsupported("operator set ", o.version, " of domain '", o.domain, "', expected at most ", newest));
    int64_t& version = versions[domain];
    version = std::max(version, o.version);
  }
  return versions;
}

void Importer::add_initializers(Frame& frame, const GraphProto& graph) {
  std::set<Text> names;
  const auto check = [&](Text name) {
    if (!names.insert(name).second) problem(corrupt("initializer '", name, "' is defined twice"));
  };
  for (const TensorProto& t : graph.initializers) {
    check(t.name);
    frame.initializers.emplace(t.name, &t);
  }
  for (const SparseTensorProto& t : graph.sparse_initializers) {
    check(t.values.name);
    frame.sparse_initializers.emplace(t.values.name, &t);
  }
}

std::optional<TensorType> Importer::input_type(const ValueInfoProto& info) {
  const TypeProto& type = info.type;
  const auto fail = [&](const auto&... why) {
    problem(unsupported("input '", info.name, "' ", why...));
    return std::nullopt;
  };
  if (type.kind != TypeProto::kTensor)
    return fail(type.kind == TypeProto::kNone ? "has no type" : "is not a tensor");
  const DataType dtype = data_type_from_onnx(type.elem_type);
  if (dtype == DataType::kInvalid) return fail("has element type ", onnx_type_name(type.elem_type));
  if (!type.has_shape) return TensorType::unranked(dtype);
  Shape shape;
  for (const DimProto& d : type.dims) {
    if (!d.param.empty())
      shape.push_back(Dim::symbol(d.param));
    else if (d.value < 0)  // open and without a name: it gets one of its own
      shape.push_back(Dim::symbol(str(info.name, "_", shape.size())));
    else
      shape.emplace_back(d.value);
  }
  if (is_absurd(shape)) return fail("has absurd shape ", to_string(shape));
  return TensorType{dtype, std::move(shape), true};
}

void Importer::add_inputs(Frame& frame) {
  std::vector<Text> names;
  std::vector<TensorType> types;
  for (const ValueInfoProto& info : model_.graph.inputs) {
    // Old files list every weight among the inputs; a default value that could be overridden stays fixed,
    // too.
    if (frame.initializers.contains(info.name) || frame.sparse_initializers.contains(info.name)) continue;
    if (std::find(names.begin(), names.end(), info.name) != names.end()) {
      problem(corrupt("input '", info.name, "' is defined twice"));
      continue;
    }
    frame.values.emplace(info.name, &failed_);
    if (std::optional<TensorType> type = input_type(info)) {
      names.push_back(info.name);
      types.push_back(std::move(*type));
    }
  }
  apply_shape_options(names, types);
  for (size_t i = 0; i < names.size(); ++i)
    frame.values[names[i]] = frame.graph.add_input(std::string(names[i]), std::move(types[i]));
  reserve_fresh_symbols(frame.graph);
}

// Fresh symbols are "u0", "u1"...: the counter starts behind any that the file's inputs already use.
void Importer::reserve_fresh_symbols(Graph& graph) {
  std::vector<std::string> symbols;
  for (const Value* input : graph.inputs())
    for (const Dim& d : input->shape()) d.collect_symbols(symbols);
  for (const std::string& s : symbols) {
    const bool counts = s.size() > 1 && s.size() < 12 && s[0] == 'u' &&
                        std::all_of(s.begin() + 1, s.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (counts)
      *graph.fresh_counter() = std::max<int64_t>(*graph.fresh_counter(), std::stoll(s.substr(1)) + 1);
  }
}

void Importer::apply_shape_options(const std::vector<Text>& names, std::vector<TensorType>& types) {
  SymbolValues bound;
  std::set<size_t> given_inputs;
  for (const auto& [name, given] : options_.input_shapes) {
    const auto it = std::find(names.begin(), names.end(), name);
    if (it == names.end()) {
      std::string known;
      for (Text n : names) known += str(known.empty() ? "" : ", ", "'", n, "'");
      problem(
          invalid_argument("a shape is given for '", name, "', which is no input; the inputs are ", known));
      continue;
    }
    const auto index = static_cast<size_t>(it - names.begin());
    TensorType& type = types[index];
    bool fits = !type.ranked || type.shape.size() == given.size();
    for (size_t d = 0; fits && type.ranked && d < given.size(); ++d) {
      const Dim& declared = type.shape[d];
      if (declared.is_const()) {
        fits = given[d] == declared;
      } else if (given[d].is_const()) {
        std::vector<std::string> symbol;
        declared.collect_symbols(symbol);
        fits = bound.emplace(symbol[0], given[d].value()).first->second == given[d].value();
      }
    }
    if (!fits) {
      problem(invalid_argument("input '", name, "' has type ", type.to_string(), ", which the given shape ",
                               to_string(given), " does not fit"));
      continue;
    }
    type = {type.dtype, given, true};
    given_inputs.insert(index);
  }
  for (size_t i = 0; i < types.size(); ++i)
    if (!given_inputs.contains(i))
      for (Dim& d : types[i].shape) d = d.substitute(bound);
}

std::optional<Value*> Importer::resolve(Frame& frame, Text name) {
  if (auto it = frame.values.find(name); it != frame.values.end()) return it->second;
  Result<Tensor> tensor = Tensor();
  if (auto it = frame.initializers.find(name); it != frame.initializers.end())
    tensor = tensors_.read(*it->second);
  else if (auto sparse = frame.sparse_initializers.find(name); sparse != frame.sparse_initializers.end())
    tensor = tensors_.read(*sparse->second);
  else
    return std::nullopt;
  Value* value = &failed_;
  if (tensor.ok())
    value = frame.graph.add_constant(std::string(name), std::move(*tensor));
  else
    problem(tensor.status());
  frame.values.emplace(name, value);
  return value;
}

void Importer::set_outputs(Frame& frame, const GraphProto& graph) {
  std::vector<Value*> outputs;
  if (graph.outputs.empty() && frame.depth == 0) problem(invalid_argument("the graph has no outputs"));
  for (const ValueInfoProto& info : graph.outputs) {
    const std::optional<Value*> value = resolve(frame, info.name);
    if (!value) problem(invalid_argument("output '", info.name, "' is produced by no node"));
    if (!value || *value == &failed_ || *value == nullptr) continue;
    // The name is what a program asks for: a value that took it before gives way.
    if (frame.depth == 0 && (*value)->name() != info.name) {
      if (Value* other = frame.graph.find_value(info.name)) frame.graph.rename(other, "");
      frame.graph.rename(*value, std::string(info.name));
    }
    outputs.push_back(*value);
  }
  frame.graph.set_outputs(std::move(outputs));
}

}  // namespace ingot::onnx_import
