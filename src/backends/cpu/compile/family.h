// How a family of CPU kernels offers candidates: one function per family, one line per op in
// compile/families.inc.
#pragma once

#include "backends/cpu/kernels/simd/isa.h"
#include "target/target.h"

namespace ingot::cpu {

struct Request {
  const Node& node;
  const OptShapes& shapes;
  Layout layout;  // wanted for the first output
  Isa isa;
  int threads;
};

/// What a family says of one op. `offer` appends candidates, best first, and what it leaves out with the
/// reason.
struct Family {
  std::string_view op;
  LayoutRule (*rule)(const Request& request);
  void (*offer)(const Request& request, Offer& offer);
};

/// A candidate with all operands in `layout`, to be filled in.
Candidate candidate_for(const Node& node, std::string op, std::string kernel, Layout layout);
/// True for a ranked f32 value.
inline bool is_f32(const Value* v) {
  return v != nullptr && v->dtype() == DataType::kF32 && v->type().ranked;
}

inline LayoutRule always_plain(const Request&) { return LayoutRule::kPlain; }

}  // namespace ingot::cpu
