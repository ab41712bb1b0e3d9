#include "backends/cuda/kernels/reduce/reduce.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

using enum DataType;
constexpr const char* kOps[] = {"ReduceSum",       "ReduceMean",     "ReduceMax", "ReduceMin",
                                "ReduceProd",      "ReduceL1",       "ReduceL2",  "ReduceLogSum",
                                "ReduceLogSumExp", "ReduceSumSquare"};

KernelCase reduce_case(Reduction reduction, DataType type, const Dims& dims, const Ints& axes) {
  const Tensor x = random_tensor(type, dims, reduction == Reduction::kLogSum ? 0.5 : -2, 2);
  ReduceProblem p{reduction, type, dims, std::vector<bool>(dims.size())};
  for (const int64_t axis : axes) p.reduced[static_cast<size_t>(axis)] = true;
  const char* op = kOps[static_cast<int>(reduction)];
  return {str(op, " ", data_type_name(type), " ", dims_to_string(dims)),
          reduce_kernel(p),
          {x},
          reference(op, {}, {x, Tensor::vector_i64(axes)}),
          type_tolerance(type)};
}

KernelCase arg_case(DataType type, const Dims& dims, int64_t axis, bool largest, bool last) {
  const Tensor x = random_tensor(type, dims, -4, 4);
  ArgExtremeProblem p{type, 1, dims[static_cast<size_t>(axis)], 1, largest, last};
  for (size_t d = 0; d < dims.size(); ++d)
    if (d != static_cast<size_t>(axis)) (d < static_cast<size_t>(axis) ? p.outer : p.inner) *= dims[d];
  const Attrs attrs = {{"axis", axis}, {"select_last_index", int64_t{last}}};
  return {str("arg ", data_type_name(type), " ", dims_to_string(dims)),
          arg_extreme_kernel(p),
          {x},
          reference(largest ? "ArgMax" : "ArgMin", attrs, {x}),
          0};
}

}  // namespace

std::vector<KernelCase> reduce_cases() {
  std::vector<KernelCase> cases;
  for (int r = 0; r < 10; ++r) {
    cases.push_back(reduce_case(static_cast<Reduction>(r), kF32, {3, 5, 7}, {2}));
    cases.push_back(reduce_case(static_cast<Reduction>(r), kF32, {3, 11, 7}, {1}));
  }
  for (const DataType type : {kF32, kF16, kBF16}) {
    cases.push_back(reduce_case(Reduction::kMean, type, {2, 49, 72}, {1}));
    cases.push_back(reduce_case(Reduction::kMean, type, {6, 1000}, {1}));
    cases.push_back(reduce_case(Reduction::kSum, type, {2, 6, 5, 7}, {0, 2, 3}));
    cases.push_back(reduce_case(Reduction::kMax, type, {4, 9}, {0, 1}));
    cases.push_back(arg_case(type, {5, 1000}, 1, true, false));
    cases.push_back(arg_case(type, {2, 21, 13}, 1, false, true));
  }
  for (const DataType type : {kI32, kI64}) {
    cases.push_back(reduce_case(Reduction::kSum, type, {3, 40}, {1}));
    cases.push_back(reduce_case(Reduction::kProd, type, {3, 4}, {0}));
    cases.push_back(arg_case(type, {3, 50}, 1, true, true));
  }
  return cases;
}

}  // namespace ingot::cuda
