// Candidates for Transpose, Expand, Tile, Gather, DepthToSpace and SpaceToDepth: any element type of whole
// bytes.
#include "backends/cpu/compile/family.h"

namespace ingot::cpu {
namespace {

bool whole_bytes(const Value* v) { return v->type().ranked && bit_width(v->dtype()) % 8 == 0; }

void offer_plain(const Request& r, std::string op, Offer& offer) {
  Candidate c = candidate_for(r.node, op, op, Layout::kPlain);
  c.args = r.node.attrs();
  offer.candidates.push_back(std::move(c));
}

}  // namespace

LayoutRule move_rule(const Request&) { return LayoutRule::kPlain; }

void move_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string op = node.is("Transpose") ? "transpose"
                         : node.is("Gather")  ? "gather"
                         : node.is("Expand")  ? "expand"
                         : node.is("Tile")    ? "tile"
                                              : "depth_space";
  if (!whole_bytes(node.input(0)) || !node.output()->type().ranked)
    return offer.skipped.push_back({op, "the input has no known rank, or elements of half a byte"});
  if (op == "gather" && node.input(1)->dtype() != DataType::kI64 && node.input(1)->dtype() != DataType::kI32)
    return offer.skipped.push_back({op, "the indices are neither i64 nor i32"});
  offer_plain(r, op, offer);
  if (op == "depth_space") offer.candidates.back().args.set("to_space", int64_t{node.is("DepthToSpace")});
}

}  // namespace ingot::cpu
