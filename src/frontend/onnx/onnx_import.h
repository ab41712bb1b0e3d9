// ONNX -> Graph: what the rest of the library sees of this room.
#pragma once

#include "ir/graph.h"

namespace ingot {

struct ImportOptions {
  /// Shapes of inputs that the file leaves open, by input name. A dim must agree with a fixed one of the
  /// file; a number given for a named dim holds for that name in every input.
  std::map<std::string, Shape> input_shapes;
  /// The attributes of the op Custom that does a node of which no operator is known; null: such nodes are
  /// problems.
  std::function<Result<Attrs>(std::string_view op, const Attrs& attrs, size_t inputs, size_t outputs)>
      unknown;
  /// Bytes of weights by name, instead of the external data that the model refers to.
  std::map<std::string, std::string> initializers;
};

/// One thing in the file that Ingot cannot import.
struct ImportProblem {
  std::string node, op, domain;  // empty where no node is to blame
  int64_t version = 0;           // of the domain's operator set
  Status why;
  int64_t index =
      -1;  // of the node in the main graph; -1: it is inside of a body or function, or there is none
};

struct ImportReport {
  std::vector<ImportProblem> problems;  // all of them, not only the first
  std::vector<std::string> notes;       // imported, but worth knowing
  int64_t num_nodes = 0;                // of the main graph
  std::string to_string() const;        // one line for each problem and note
};

/// Weights are borrowed from the mapped file where their alignment allows, so the file must not be changed
/// while the graph is alive. Errors: kNotFound, kIoError, kCorrupt; kUnsupported or kInvalidArgument with
/// everything that is wrong in one message, and in `report` where it is given.
Result<std::unique_ptr<Graph>> import_onnx_file(const std::string& path, const ImportOptions& options = {},
                                                ImportReport* report = nullptr);

/// As above. `owner` keeps the bytes alive and lets tensors borrow from them; null: they are copied.
/// `base_dir` is where external data lies; empty: external data is refused.
Result<std::unique_ptr<Graph>> import_onnx_bytes(std::span<const std::byte> bytes,
                                                 std::shared_ptr<const void> owner = nullptr,
                                                 const std::string& base_dir = "",
                                                 const ImportOptions& options = {},
                                                 ImportReport* report = nullptr);

/// One row of the table of operators: the versions of the domain's operator set that the row covers.
struct OnnxOp {
  std::string_view domain, op;  // the default domain is ""
  int since, until;
  std::string_view how;  // the builder's name: "same" where the graph's operator is ONNX's own
};
/// Every row, whether or not this build has the graph operators that it needs.
std::vector<OnnxOp> onnx_ops();
/// The newest operator set of a domain that the table knows; 0 for an unknown domain.
int newest_opset(std::string_view domain);

}  // namespace ingot
