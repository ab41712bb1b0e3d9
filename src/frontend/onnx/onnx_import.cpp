#include "frontend/onnx/onnx_import.h"

#include "base/file.h"
#include "frontend/onnx/importer.h"

namespace ingot {
namespace {

using onnx_import::Source;

std::string describe(const ImportProblem& p) {
  if (p.op.empty()) return std::string(p.why.message());
  return str("node '", p.node, "' (", p.domain.empty() ? "" : p.domain + ".", p.op, ", opset ", p.version,
             "): ", p.why.message());
}

Status summary(const std::vector<ImportProblem>& problems) {
  constexpr size_t kShown = 50;
  StatusCode code = problems[0].why.code();
  std::string text = problems.size() == 1 ? "" : str(problems.size(), " problems:\n  ");
  for (size_t i = 0; i < problems.size(); ++i) {
    if (problems[i].why.code() == StatusCode::kUnsupported) code = StatusCode::kUnsupported;
    if (i < kShown) text += (i == 0 ? "" : "\n  ") + describe(problems[i]);
  }
  if (problems.size() > kShown) text += str("\n  and ", problems.size() - kShown, " more");
  return {code, text};
}

Result<std::unique_ptr<Graph>> import_source(Source source, const std::string& base_dir,
                                             const ImportOptions& options, ImportReport* report) {
  ImportReport own;
  if (report == nullptr) report = &own;
  *report = {};
  INGOT_ASSIGN_OR_RETURN(const onnx_import::ModelProto model, onnx_import::parse_model(source.bytes));
  onnx_import::TensorReader tensors(std::move(source), base_dir, &options.initializers);
  report->num_nodes = static_cast<int64_t>(model.graph.nodes.size());
  std::unique_ptr<Graph> graph =
      onnx_import::Importer(model, std::move(tensors), options, *report).import_model();
  if (!report->problems.empty()) return summary(report->problems);
  return graph;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string ImportReport::to_string() const {
  std::string text;
  for (const ImportProblem& p : problems) text += describe(p) + "\n";
  for (const std::string& note : notes) text += "note: " + note + "\n";
  return text;
}

Result<std::unique_ptr<Graph>> import_onnx_bytes(std::span<const std::byte> bytes,
                                                 std::shared_ptr<const void> owner,
                                                 const std::string& base_dir, const ImportOptions& options,
                                                 ImportReport* report) {
  return import_source({as_text(bytes), std::move(owner), nullptr}, base_dir, options, report);
}

Result<std::unique_ptr<Graph>> import_onnx_file(const std::string& path, const ImportOptions& options,
                                                ImportReport* report) {
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> file, MappedFile::open(path));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Result<std::unique_ptr<Graph>> graph =
      import_source({as_text(file->bytes()), file, file}, folder, options, report);
  return graph.ok() ? std::move(graph) : graph.status().with_context(path);
}

}  // namespace ingot
