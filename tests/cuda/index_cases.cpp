// Kernels that read and write at indices, make tensors from a few numbers, or choose elements.
#include "backends/cuda/kernels/create/create.h"
#include "backends/cuda/kernels/index/index.h"
#include "backends/cuda/kernels/rnn/rnn.h"
#include "backends/cuda/kernels/select/select.h"
#include "kernel_case.h"
#include "ops/op_testing.h"

namespace ingot::cuda {
namespace {

using enum DataType;

void add_gathers(std::vector<KernelCase>& cases) {
  for (const DataType type : {kF32, kF16, kI64, kU8}) {
    const Tensor x = random_tensor(type, {2, 5, 7, 24}, -9, 9);
    const Tensor indices = random_tensor(kI64, {2, 3, 2}, -5, 5, 2);
    cases.push_back({str("gather_nd ", data_type_name(type)),
                     gather_nd_kernel({type, kI64, 2, 3, 24, {5, 7}}),
                     {x, indices},
                     reference("GatherND", {{"batch_dims", int64_t{1}}}, {x, indices})});
  }
  const Tensor x = random_tensor(kF32, {33, 7, 5}), indices = random_tensor(kI64, {200, 3}, -5, 5, 3);
  cases.push_back({"gather_nd elements",
                   gather_nd_kernel({kF32, kI64, 1, 200, 1, {33, 7, 5}}),
                   {x, indices},
                   reference("GatherND", {}, {x, indices})});
}

void add_created(std::vector<KernelCase>& cases) {
  cases.push_back({"fill",
                   fill_kernel(kF16, 1001, 0x3c00),
                   {},
                   {ops::make_tensor(kF16, {1001}, std::vector<double>(1001, 1.0))}});
  for (const DataType type : {kF32, kI64, kI32}) {
    const Tensor start = ops::make_tensor(type, {}, {3}), delta = ops::make_tensor(type, {}, {-2});
    const Tensor limit = ops::make_tensor(type, {}, {-997});
    cases.push_back({str("range ", data_type_name(type)),
                     range_kernel(type, 500),
                     {start, delta},
                     reference("Range", {}, {start, limit, delta})});
  }
  const Tensor indices = random_tensor(kI64, {7, 5}, -11, 11), values = random_tensor(kF32, {2}, -1, 1, 2);
  cases.push_back({"one_hot",
                   one_hot_kernel({kF32, kI64, 7, 11, 5}),
                   {indices, values},
                   reference("OneHot", {{"axis", int64_t{1}}}, {indices, ops::i64({}, {11}), values})});
  for (const bool upper : {false, true}) {
    const Tensor x = random_tensor(kF16, {3, 17, 23});
    cases.push_back({str("triangle ", upper),
                     triangle_kernel({kF16, 3, 17, 23, -2, upper}),
                     {x},
                     reference("Trilu", {{"upper", int64_t{upper}}}, {x, ops::i64({}, {-2})})});
  }
  for (const DataType type : {kF32, kF16, kI64})
    for (const int flags : {0, 1, 2, 3}) {
      const Tensor x = random_tensor(type, {3, 77, 5}, -4, 4);
      const Attrs attrs = {{"exclusive", int64_t{flags & 1}}, {"reverse", int64_t{flags >> 1}}};
      cases.push_back({str("running_sum ", data_type_name(type), " ", flags),
                       running_sum_kernel({type, 3, 77, 5, (flags & 1) != 0, (flags & 2) != 0}),
                       {x},
                       reference("CumSum", attrs, {x, ops::i64({}, {1})}),
                       type_tolerance(type)});
    }
}

void add_chosen(std::vector<KernelCase>& cases) {
  for (const DataType type : {kF32, kF16, kI32, kU8})
    for (const bool largest : {true, false}) {
      const TopKProblem p{type, 3, 1001, 2, 65, largest};
      const Tensor x = random_tensor(type, {3, 1001, 2}, is_float(type) ? -9 : 0, 100);
      const Attrs attrs = {{"axis", int64_t{1}}, {"largest", int64_t{largest}}};
      cases.push_back({str("top_k ", data_type_name(type), " ", largest),
                       top_k_kernel(p),
                       {x},
                       reference("TopK", attrs, {x, ops::i64({1}, {65})}, 2)});
    }
  const Tensor row = random_tensor(kF32, {1, 5}), all = ops::i64({1}, {5});
  cases.push_back(
      {"top_k all", top_k_kernel({kF32, 1, 5, 1, 5}), {row}, reference("TopK", {}, {row, all}, 2)});
  for (const DataType type : {kF32, kBool, kI64}) {
    NonZeroProblem p{type, {7, 33, 65}};
    const Tensor x = random_tensor(type, p.dims, -1, 2);
    const Tensor expected = reference("NonZero", {}, {x})[0];
    p.found = expected.dims()[1];
    std::vector<double> counts;
    const std::vector<double> values = ops::values_of(x);
    double before = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (i % 4096 == 0) counts.push_back(before);
      before += values[i] != 0;
    }
    counts.push_back(before);
    const Tensor parts = ops::i64({static_cast<int64_t>(counts.size())}, counts);
    cases.push_back({str("count_nonzero ", data_type_name(type)), count_nonzero_kernel(p), {x}, {parts}});
    cases.push_back(
        {str("list_nonzero ", data_type_name(type)), list_nonzero_kernel(p), {x, parts}, {expected}});
  }
}

// One step, of inputs whose product with the identity they are themselves.
KernelCase recurrent_case(const char* op, Cell cell, DataType type) {
  RnnProblem p{type, cell, 1, 5, 40};
  p.has_bias = p.has_h = true;
  p.has_c = cell == Cell::kLstm;
  p.reset_after_product = true;
  const int64_t rows = gates_of(cell) * p.hidden;
  std::vector<double> ones(static_cast<size_t>(rows * rows));
  for (int64_t i = 0; i < rows; ++i) ones[static_cast<size_t>(i * rows + i)] = 1;
  const Tensor w = ops::make_tensor(type, {1, rows, rows}, ones), x = random_tensor(type, {1, 5, rows});
  const Tensor r = random_tensor(type, {1, rows, 40}, -0.3, 0.3, 2),
               b = random_tensor(type, {1, 2 * rows}, -1, 1, 3);
  const Tensor h = random_tensor(type, {1, 5, 40}, -1, 1, 4),
               c = p.has_c ? random_tensor(type, {1, 5, 40}, -1, 1, 5) : Tensor();
  std::vector<Tensor> given = {x, w, r, b, {}, h};
  if (p.has_c) given.push_back(c);
  const Attrs attrs = cell == Cell::kGru ? Attrs{{"linear_before_reset", int64_t{1}}} : Attrs{};
  KernelCase out{str("rnn_step ", op, " ", data_type_name(type)),
                 rnn_step_kernel(p, 0, 0),
                 {cast(x, kF32), r, b, {}, h, c, {}},
                 reference(op, attrs, given, p.has_c ? 3 : 2),
                 type_tolerance(type)};
  out.trailing_nulls = p.has_c ? 0 : 1;
  if (out.spec.ok()) out.spec->workspace_bytes = static_cast<size_t>(5 * p.states()) * 4;  // its memory
  return out;
}

}  // namespace

std::vector<KernelCase> index_cases() {
  std::vector<KernelCase> cases;
  add_gathers(cases);
  add_created(cases);
  add_chosen(cases);
  for (const DataType type : {kF32, kF16}) {
    cases.push_back(recurrent_case("LSTM", Cell::kLstm, type));
    cases.push_back(recurrent_case("GRU", Cell::kGru, type));
    cases.push_back(recurrent_case("RNN", Cell::kTanh, type));
  }
  return cases;
}

}  // namespace ingot::cuda
