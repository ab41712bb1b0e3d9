// ops_page FILE [--write]: docs/ops.md from the registry of ops and the front end's table. Without --write it
// compares, and fails when the page is not what would be written.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "frontend/onnx/onnx_import.h"
#include "ops/op.h"

namespace ingot {
namespace {

std::string count(int least, int most) {
  if (most == kVariadic) return std::to_string(least) + " or more";
  return least == most ? std::to_string(least) : std::to_string(least) + "-" + std::to_string(most);
}

template <class T>
std::string list(const std::vector<T>& items) {
  std::ostringstream out;
  for (size_t i = 0; i < items.size(); ++i) out << (i ? ", " : "") << items[i];
  return "[" + out.str() + "]";
}

struct Print {
  std::string operator()(int64_t v) const { return std::to_string(v); }
  std::string operator()(float v) const {
    std::ostringstream out;
    out << v;
    return out.str();
  }
  std::string operator()(const std::string& v) const { return "\"" + v + "\""; }
  std::string operator()(const Ints& v) const { return list(v); }
  std::string operator()(const Floats& v) const { return list(v); }
  std::string operator()(const Strings& v) const { return list(v); }
  std::string operator()(const Tensor&) const { return "tensor"; }
};

std::string attributes(const OpDef& op) {
  std::string out;
  for (const AttrSpec& a : op.attrs) {
    out += str(out.empty() ? "" : ", ", "`", a.name, "`");
    if (a.fallback) out += " = " + std::visit(Print{}, *a.fallback);
  }
  for (std::string_view name : op.subgraphs) out += str(out.empty() ? "" : ", ", "`", name, "` (a graph)");
  return out.empty() ? "-" : out;
}

std::string join(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string page() {
  std::map<std::string, std::map<std::string_view, std::pair<int, int>>> versions;  // by our name and domain
  std::set<std::string> translated, missing;
  for (const OnnxOp& o : onnx_ops()) {
    std::string name(o.op);
    if (find_op(str("ml.", o.op)) != nullptr) name = str("ml.", o.op);
    auto [it, added] = versions[name].try_emplace(o.domain, o.since, o.until);
    if (!added) it->second = {std::min(it->second.first, o.since), std::max(it->second.second, o.until)};
    if (find_op(name) == nullptr) (o.how == "same" ? missing : translated).insert(name);
  }
  std::ostringstream out;
  out << "# Ops\n\n"
         "Every op of Ingot's graphs, as the network API takes them: names, inputs and attributes are those "
         "of the\n"
         "newest ONNX operator of that name (https://onnx.ai/onnx/operators), older versions are translated "
         "when a\n"
         "model is imported. Each runs everywhere: where a device has no kernel for a node, the reference "
         "kernel\n"
         "runs it, and the build report says so. Written by `build/bin/ops_page docs/ops.md --write`.\n\n"
         "| op | inputs | outputs | attributes and their defaults | ONNX operator sets "
         "|\n|---|---|---|---|---|\n";
  std::vector<const OpDef*> ops(all_ops().begin(), all_ops().end());
  std::sort(ops.begin(), ops.end(), [](const OpDef* a, const OpDef* b) { return a->name < b->name; });
  for (const OpDef* op : ops) {
    std::string sets;
    for (const auto& [domain, range] : versions[std::string(op->name)])
      sets += str(sets.empty() ? "" : "; ", domain.empty() ? "" : str(domain, " "), range.first, "-",
                  range.second);
    out << "| " << op->name << " | " << count(op->min_inputs, op->max_inputs) << " | "
        << count(op->min_outputs, op->max_outputs) << " | " << attributes(*op) << " | "
        << (sets.empty() ? "made by passes" : sets) << " |\n";
  }
  for (const std::string& name : missing) translated.erase(name);
  out << "\nImported as other ops: " << join(translated) << ".\n";
  if (!missing.empty()) out << "\nNot supported: " << join(missing) << ".\n";
  return out.str();
}

}  // namespace
}  // namespace ingot

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("usage: ops_page FILE [--write]\n", stderr), 2;
  const std::string now = ingot::page();
  if (argc > 2 && std::string(argv[2]) == "--write") {
    std::ofstream file(argv[1], std::ios::binary);
    return (file << now).flush() ? 0 : 1;
  }
  std::ifstream file(argv[1], std::ios::binary);
  if (std::string{std::istreambuf_iterator<char>(file), {}} == now) return 0;
  std::fprintf(stderr, "%s is not current: write it with `%s %s --write`\n", argv[1], argv[0], argv[1]);
  return 1;
}
