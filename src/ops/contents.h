// Shape arithmetic: the contents of small integer tensors as dims, carried through inference so that a shape
// computed by Shape, Gather, Mul, Concat... is known symbolically where Reshape or Expand uses it.
#pragma once

#include "ops/op.h"

namespace ingot::ops {

using Contents = std::vector<Dim>;
inline constexpr size_t kMaxContents = 64;

/// What is known of input i: its contents, or those of a small constant (a bool or integral float one, too)
/// of rank at most 1.
std::optional<Contents> contents_of(const InferContext& c, size_t i);
/// Input i as integers where all are known; of any rank and size when it is a constant.
std::optional<Ints> known_ints(const InferContext& c, size_t i);
/// Input i as one integer, where it is known and has one element.
std::optional<int64_t> known_int(const InferContext& c, size_t i);

/// Sets the contents of output 0, for rank <= 1 and few elements only.
void set_contents(InferContext& c, std::optional<Contents> contents);

/// Contents of output 0 as f(elements) of the broadcast contents of all inputs, where they are known; f gives
/// nullopt when it has no answer, and then nothing is known.
template <class F>
void map_contents(InferContext& c, F&& f) {
  std::vector<Contents> operands;
  size_t count = 1;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    auto contents = contents_of(c, i);
    if (!contents) return;
    if (contents->size() != 1) count = contents->size();
    operands.push_back(std::move(*contents));
  }
  for (const Contents& o : operands)
    if (o.size() != 1 && o.size() != count) return;
  Contents result;
  std::vector<Dim> element(operands.size());
  for (size_t k = 0; k < count; ++k) {
    for (size_t i = 0; i < operands.size(); ++i) element[i] = operands[i][operands[i].size() == 1 ? 0 : k];
    std::optional<Dim> value = f(element);
    if (!value) return;
    result.push_back(std::move(*value));
  }
  set_contents(c, std::move(result));
}

/// -1, 0 or 1 as the sign of a - b, where it is the same for all sizes (all symbols >= 0).
std::optional<int> compare(const Dim& a, const Dim& b);
/// Known to be >= 0 for all sizes.
inline bool non_negative(const Dim& d) { return d.lower_bound().value_or(-1) >= 0; }
/// a / b rounded towards zero as integer Div does it; nullopt where b may be zero or negative.
std::optional<Dim> truncated_div(const Dim& a, const Dim& b);

/// `shape` without negative constants, or an error that names them.
Status check_dims(const Shape& shape);

}  // namespace ingot::ops
