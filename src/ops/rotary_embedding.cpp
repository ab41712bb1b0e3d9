// RotaryEmbedding: https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html (version 23), of X [batch,
// length, heads * dim] or [batch, heads, length, dim]
#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum Input : size_t { kX, kCos, kSin, kPositions };

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, kX, kFloats));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kX, kCos));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kX, kSin));
  INGOT_RETURN_IF_ERROR(expect_type(c, kPositions, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, kX, 3, 4));
  INGOT_RETURN_IF_ERROR(expect_rank(c, kPositions, 2, 2));
  const int cache_rank = c.has(kPositions) ? 2 : 3;
  for (size_t i : {kCos, kSin}) INGOT_RETURN_IF_ERROR(expect_rank(c, i, cache_rank, cache_rank));
  if (c.type(kX).ranked && c.type(kX).rank() == 3) {
    const int64_t heads = c.attrs.get_int("num_heads");
    const Dim& columns = c.shape(kX)[2];
    if (heads < 1 || (columns.is_const() && columns.value() % heads != 0))
      return invalid_argument("num_heads is ", heads, ", expected a divisor of ", columns.to_string());
  }
  return infer_same(c);
}

// What the concrete shapes must satisfy for the loops below.
struct Sizes {
  int64_t batch, heads, length, dim, half;
  int64_t row_step, head_step, batch_step;  // of X
};

Result<Sizes> read_sizes(const EvalContext& c) {
  const TensorView& x = c.input(kX);
  Sizes s;
  s.batch = x.dims[0];
  if (x.rank() == 4) {
    s.heads = x.dims[1];
    s.length = x.dims[2];
    s.dim = x.dims[3];
    s.row_step = s.dim;
    s.head_step = s.length * s.dim;
  } else {
    s.heads = c.attrs.get_int("num_heads");
    s.length = x.dims[1];
    s.dim = x.dims[2] / s.heads;
    s.row_step = x.dims[2];
    s.head_step = s.dim;
  }
  s.batch_step = s.heads * s.length * s.dim;
  const int64_t asked = c.attrs.get_int("rotary_embedding_dim"), rotated = asked == 0 ? s.dim : asked;
  if (rotated < 0 || rotated > s.dim || rotated % 2 != 0)
    return invalid_argument("rotary_embedding_dim is ", rotated, ", expected an even number up to ", s.dim);
  s.half = rotated / 2;
  const bool positions = c.has(kPositions);
  for (size_t i : {kCos, kSin}) {
    const Dims& cache = c.input(i).dims;
    const Dims expected = positions ? Dims{c.input(kCos).dims[0], s.half} : Dims{s.batch, s.length, s.half};
    if (cache != expected)
      return invalid_argument("a cache has shape ", dims_to_string(cache), ", expected ",
                              dims_to_string(expected));
  }
  if (positions && c.input(kPositions).dims != Dims{s.batch, s.length})
    return invalid_argument("position_ids has shape ", dims_to_string(c.input(kPositions).dims),
                            ", expected [", s.batch, ", ", s.length, "]");
  return s;
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const Sizes s, read_sizes(c));
  const bool interleaved = c.attrs.get_int("interleaved") != 0;
  const Dims positions = c.has(kPositions) ? to_int64s(c.input(kPositions)) : Dims();
  const std::vector<double> cosines = load_all<double>(c.input(kCos)),
                            sines = load_all<double>(c.input(kSin));
  std::vector<double> values = load_all<double>(c.input(kX));
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t i = 0; i < s.length; ++i) {
      int64_t row = b * s.length + i;
      if (!positions.empty()) {
        row = positions[static_cast<size_t>(row)];
        if (row < 0 || row >= c.input(kCos).dims[0])
          return invalid_argument("position_ids contains ", row, ", expected 0 to ",
                                  c.input(kCos).dims[0] - 1);
      }
      for (int64_t h = 0; h < s.heads; ++h) {
        double* x = values.data() + b * s.batch_step + h * s.head_step + i * s.row_step;
        for (int64_t k = 0; k < s.half; ++k) {
          const double cosine = cosines[static_cast<size_t>(row * s.half + k)],
                       sine = sines[static_cast<size_t>(row * s.half + k)];
          double &first = x[interleaved ? 2 * k : k], &second = x[interleaved ? 2 * k + 1 : k + s.half];
          const double real = cosine * first - sine * second;
          second = sine * first + cosine * second;
          first = real;
        }
      }
    }
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  Attrs heads = {{"num_heads", int64_t{3}}}, interleaved = {{"interleaved", int64_t{1}}};
  return {{"four_dims", {}, {random_input({2, 3, 5, 8}), random_input({2, 5, 4}), random_input({2, 5, 4})}},
          {"three_dims", heads, {random_input({2, 5, 24}), random_input({2, 5, 4}), random_input({2, 5, 4})}},
          {"positions",
           {{"rotary_embedding_dim", int64_t{4}}},
           {random_input({1, 3, 4, 8}), random_input({9, 2}), random_input({9, 2}),
            constant_input(Tensor::vector_i64(Ints{3, 0, 8, 1}).reshaped({1, 4}))}},
          {"interleaved",
           interleaved,
           {random_input({1, 2, 5, 8}), random_input({1, 5, 4}), random_input({1, 5, 4})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_RotaryEmbedding() {
  static const OpDef op{"RotaryEmbedding",
                        3,
                        4,
                        1,
                        1,
                        {optional<int64_t>("interleaved", 0), optional<int64_t>("num_heads", 0),
                         optional<int64_t>("rotary_embedding_dim", 0)},
                        ops::infer,
                        ops::eval,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_RotaryEmbedding() { return ops::cases(); }

}  // namespace ingot
