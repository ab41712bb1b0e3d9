// ReverseSequence: the first sequence_lens[b] steps of each batch entry in the opposite order.
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 2, kVariadic));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  const int64_t batch = c.attrs.get_int("batch_axis", 1), time = c.attrs.get_int("time_axis", 0);
  if (!((batch == 0 && time == 1) || (batch == 1 && time == 0)))
    return invalid_argument("batch_axis and time_axis are ", batch, " and ", time,
                            ", expected 0 and 1 or 1 and 0");
  if (c.all_ranked()) {
    const Dim &n = c.shape(0)[static_cast<size_t>(batch)], &got = c.shape(1)[0];
    if (n.is_const() && got.is_const() && n != got)
      return invalid_argument("got ", got.value(), " sequence lengths for a batch of ", n.value());
  }
  return infer_same(c);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const TensorView& x = c.input(0);
  const Ints lengths = to_int64s(c.input(1));
  const bool batch_first = c.attrs.get_int("batch_axis", 1) == 0;
  const int64_t batches = x.dims[batch_first ? 0 : 1], steps = x.dims[batch_first ? 1 : 0];
  const int64_t size = bit_width(x.dtype) / 8, row = split_at(x.dims, 1).inner;
  for (int64_t b = 0; b < batches; ++b) {
    const int64_t n = lengths[static_cast<size_t>(b)];
    if (n < 0 || n > steps)
      return invalid_argument("sequence length ", n, " is out of range for ", steps, " steps");
    for (int64_t t = 0; t < steps; ++t) {
      const int64_t from = t < n ? n - 1 - t : t;
      auto offset = [&](int64_t step) { return (batch_first ? b * steps + step : step * batches + b) * row; };
      copy_bytes(at(y, offset(t), size), at(x, offset(from), size), row * size);
    }
  }
  return {};
}

std::vector<OpCase> cases() {
  return {{"time_first", {}, {random_input({4, 3, 2}), ints_input({4, 1, 3})}},
          {"batch_first",
           {{"batch_axis", int64_t{0}}, {"time_axis", int64_t{1}}},
           {random_input({2, 5}), ints_input({0, 4})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ReverseSequence() {
  static const OpDef op{"ReverseSequence",
                        2,
                        2,
                        1,
                        1,
                        {optional<int64_t>("batch_axis", 1), optional<int64_t>("time_axis", 0)},
                        ops::infer,
                        ops::eval,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_ReverseSequence() { return ops::cases(); }

}  // namespace ingot
