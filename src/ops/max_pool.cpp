// MaxPool: https://onnx.ai/onnx/operators/onnx__MaxPool.html (version 22), 1 to 3 spatial dimensions. The
// second output holds the positions of the maxima in the flattened X. Integer types of 8 bits pool, too.
#include <limits>

#include "ops/pool.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr TypeSet kTypes = kFloats | type_set({DataType::kI8, DataType::kU8});

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kTypes));
  const int64_t order = c.attrs.get_int("storage_order");
  if (order != 0 && order != 1) return invalid_argument("storage_order is ", order, ", expected 0 or 1");
  return infer_pool(c);
}

// A window without any element gives the lowest value.
double lowest(DataType type) {
  if (type == DataType::kI8) return -128;
  if (type == DataType::kU8) return 0;
  return -std::numeric_limits<double>::infinity();
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const PoolProblem pool, PoolProblem::make(c.attrs, x.dims));
  int64_t* indices = nullptr;
  if (c.num_outputs > 1) {
    INGOT_ASSIGN_OR_RETURN(const TensorView view, c.output(1, DataType::kI64, y.dims));
    indices = view.as<int64_t>();
  }
  const bool column_major = c.attrs.get_int("storage_order") == 1;
  const int64_t in_plane = num_elements(pool.in), out_plane = num_elements(pool.out);
  const std::vector<double> source = load_all<double>(x);
  std::vector<double> result(static_cast<size_t>(y.size()), lowest(x.dtype));
  for (int64_t plane = 0; plane < x.dims[0] * x.dims[1]; ++plane) {
    const double* from = source.data() + plane * in_plane;
    pool.for_each_window([&](int64_t at, const PoolWindow& w) {
      int64_t best = w.offsets.empty() ? 0 : w.offsets[0];
      for (int64_t offset : w.offsets)
        if (from[offset] > from[best] || from[offset] != from[offset]) best = offset;
      if (!w.offsets.empty()) result[static_cast<size_t>(plane * out_plane + at)] = from[best];
      if (indices == nullptr) return;
      if (column_major) {  // the spatial dims of the flattened X in reverse order
        const int64_t column = best % pool.in[2], row = best / pool.in[2] % pool.in[1],
                      depth = best / pool.in[2] / pool.in[1];
        best = depth + (row + column * pool.in[1]) * pool.in[0];
      }
      indices[plane * out_plane + at] = plane * in_plane + best;
    });
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = pool_cases();
  all.push_back(
      {"indices", {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}, {random_input({1, 2, 6, 6})}, 2});
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MaxPool() {
  static const OpDef op{"MaxPool",  1,         1,
                        1,          2,         ops::pool_attrs({optional<int64_t>("storage_order", 0)}),
                        ops::infer, ops::eval, ops::pool_cost};
  return op;
}

std::vector<OpCase> cases_MaxPool() { return ops::cases(); }

}  // namespace ingot
