// Fail: stands for a branch that cannot be computed with the shapes at hand: running it is an error. Made by
// the compiler only.
//   message          why
//   dtypes           the names of the outputs' element types
//   ranks, dims      their ranks (-1: unknown), and the dims of all of them in a row (-1: unknown)
#include "ops/common.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  const Strings dtypes = c.attrs.get<Strings>("dtypes");
  const Ints ranks = c.attrs.get_ints("ranks"), dims = c.attrs.get_ints("dims");
  if (dtypes.size() != c.outputs.size() || ranks.size() != c.outputs.size())
    return invalid_argument("'dtypes' and 'ranks' describe ", dtypes.size(), " and ", ranks.size(),
                            " outputs, the node has ", c.outputs.size());
  size_t d = 0;
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    const DataType dtype = parse_data_type(dtypes[i]);
    if (dtype == DataType::kInvalid)
      return invalid_argument("'dtypes' names '", dtypes[i], "', which is no element type");
    c.set_unranked(i, dtype);
    if (ranks[i] < 0) continue;
    if (static_cast<size_t>(ranks[i]) > dims.size() - d)
      return invalid_argument("'dims' has ", dims.size(), " entries, fewer than 'ranks' ask for");
    Shape shape;
    for (int64_t k = 0; k < ranks[i]; ++k, ++d) shape.push_back(dims[d] < 0 ? c.fresh_dim() : Dim(dims[d]));
    c.set(i, dtype, std::move(shape));
  }
  return {};
}

Status eval(EvalContext& c) { return invalid_argument(c.attrs.get_string("message")); }

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Fail() {
  static const OpDef op{"Fail",
                        0,
                        0,
                        1,
                        kVariadic,
                        {required<std::string>("message"), required<Strings>("dtypes"),
                         required<Ints>("ranks"), required<Ints>("dims")},
                        ops::infer,
                        ops::eval,
                        nullptr,
                        {},
                        false};  // neither folded nor merged
  return op;
}

std::vector<OpCase> cases_Fail() { return {}; }  // impossible_branches_test.cpp

}  // namespace ingot
