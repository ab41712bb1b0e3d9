// The table of operators, made from opsets.inc.
#include <algorithm>

#include "frontend/onnx/node_builder.h"
#include "frontend/onnx/onnx_import.h"

namespace ingot {
namespace onnx_import {
namespace {

constexpr int kNewest = 1 << 20;  // replaced by the domain's newest version

constexpr struct {
  std::string_view domain;
  int newest;
} kDomains[] = {{"", 28}, {"ai.onnx.ml", 5}, {"com.microsoft", 1}};

}  // namespace

#define INGOT_ONNX(domain, op, since, until, builder) void build_##builder(NodeBuilder&);
#include "frontend/onnx/opsets.inc"
#undef INGOT_ONNX

namespace {

std::span<const OpsetRow> rows() {
#define INGOT_ONNX(domain, op, since, until, builder) {domain, #op, since, until, build_##builder, #builder},
  static const OpsetRow kRows[] = {
#include "frontend/onnx/opsets.inc"
  };
#undef INGOT_ONNX
  return kRows;
}

}  // namespace

Result<const OpsetRow*> find_row(Text domain, Text op, int64_t version) {
  int since = kNewest, until = 0;
  for (const OpsetRow& row : rows()) {
    if (row.op != op || row.domain != domain) continue;
    if (version >= row.since && version <= row.until) return &row;
    since = std::min(since, row.since);
    until = std::max(until, row.until);
  }
  if (until == 0) return unsupported("the operator is not known");
  return unsupported("the operator is known in operator sets ", since, " to ",
                     std::min(until, newest_opset(domain)), ", not in ", version);
}

}  // namespace onnx_import

int newest_opset(std::string_view domain) {
  for (const auto& d : onnx_import::kDomains)
    if (d.domain == domain) return d.newest;
  return 0;
}

std::vector<OnnxOp> onnx_ops() {
  std::vector<OnnxOp> ops;
  for (const onnx_import::OpsetRow& r : onnx_import::rows())
    ops.push_back({r.domain, r.op, r.since, std::min(r.until, newest_opset(r.domain)), r.builder_name});
  return ops;
}

}  // namespace ingot
