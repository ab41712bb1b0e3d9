#include "ops/pairs.h"

#include <algorithm>

#include "ops/strided.h"

namespace ingot::ops {
namespace {

constexpr int64_t kChunk = 512;

// Loads a row whose elements are `step` apart (0 or 1: operands are dense).
template <class W>
void load_row(const TensorView& t, int64_t begin, int64_t step, int64_t count, W* dst) {
  if (step == 1) return load(t, begin, count, dst);
  load(t, begin, 1, dst);
  std::fill(dst + 1, dst + count, dst[0]);
}

template <class W>
void run(const TensorView& a, const TensorView& b, const TensorView& y, PairKernel<W> kernel) {
  const Walk walk = make_walk(y.dims, {broadcast_strides(a.dims, y.dims), broadcast_strides(b.dims, y.dims)});
  const int64_t step_a = walk.strides[0].back(), step_b = walk.strides[1].back();
  W row_a[kChunk], row_b[kChunk], row_y[kChunk];
  int64_t done = 0;
  for_each_row(walk, [&](const Dims& offsets, int64_t count) {
    for (int64_t i = 0; i < count; i += kChunk) {
      const int64_t n = std::min(kChunk, count - i);
      load_row(a, offsets[0] + i * step_a, step_a, n, row_a);
      load_row(b, offsets[1] + i * step_b, step_b, n, row_b);
      kernel(row_a, row_b, row_y, n);
      store(row_y, n, y, done);
      done += n;
    }
  });
}

}  // namespace

Status eval_pairs(EvalContext& c, DataType result, const PairKernels& kernels) {
  const TensorView &a = c.input(0), &b = c.input(1);
  INGOT_ASSIGN_OR_RETURN(const Dims dims, broadcast(a.dims, b.dims));
  INGOT_ASSIGN_OR_RETURN(const TensorView y,
                         c.output(0, result == DataType::kInvalid ? a.dtype : result, dims));
  if (is_float(a.dtype))
    run(a, b, y, kernels.floats);
  else if (a.dtype == DataType::kU64)
    run(a, b, y, kernels.unsigned_ints);
  else
    run(a, b, y, kernels.ints);
  return {};
}

Status infer_pairs(InferContext& c, TypeSet types, DataType result) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, types));
  INGOT_RETURN_IF_ERROR(infer_broadcast(c));
  if (result != DataType::kInvalid) c.outputs[0].type.dtype = result;
  return {};
}

std::vector<OpCase> pair_cases(double lo, double hi, DataType dtype) {
  auto input = [&](Dims dims) { return random_input(std::move(dims), lo, hi, dtype); };
  return {{"same_shape", {}, {input({3, 17}), input({3, 17})}},
          {"scalar", {}, {input({2, 9}), input({})}},
          {"scalar_first", {}, {input({}), input({2, 9})}},
          {"outer", {}, {input({5, 1}), input({1, 33})}},
          {"channel", {}, {input({2, 3, 4, 5}), input({3, 1, 1})}},
          {"empty", {}, {input({0, 4}), input({4})}}};
}

}  // namespace ingot::ops
