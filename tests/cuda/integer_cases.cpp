// Products of 8-bit integers, and integers by the range of floats.
#include "backends/cuda/kernels/integer/integer.h"
#include "kernel_case.h"
#include "ops/op_testing.h"

namespace ingot::cuda {
namespace {

using enum DataType;
using Problem = IntegerProductProblem;

Tensor bytes(DataType type, const Dims& dims, unsigned seed) {
  return random_tensor(type, dims, type == kU8 ? 0 : -128, type == kU8 ? 256 : 128, seed);
}

Tensor zero_points(DataType type, Problem::Zeros zeros, int64_t count, unsigned seed) {
  return zeros == Problem::kNone ? Tensor()
                                 : bytes(type, zeros == Problem::kOne ? Dims{} : Dims{count}, seed);
}

KernelCase product_case(DataType a_type, DataType b_type, Dims size, bool transposed_b,
                        Problem::Zeros a_zeros, Problem::Zeros b_zeros) {
  const int64_t batch = size[0], m = size[1], n = size[2], k = size[3];
  const Tensor a = bytes(a_type, {batch, m, k}, 1), b = bytes(b_type, {batch, k, n}, 2);
  const Tensor za = zero_points(a_type, a_zeros, m, 3), zb = zero_points(b_type, b_zeros, n, 4);
  Problem p{a_type, b_type, batch, m, n, k, m * k, n * k, transposed_b, a_zeros, b_zeros, m};
  return {
      str("integer_product ", data_type_name(a_type), ' ', data_type_name(b_type), ' ', m, 'x', n, 'x', k),
      integer_product_kernel(p),
      {a, transposed_b ? transposed(b, {0, 2, 1}) : b, za, zb},
      {reference("MatMulInteger", {}, {a, b, za, zb})[0]}};
}

// The range as the parts have it, and what is made of it.
void add_dynamic_cases(const Tensor& x, std::vector<KernelCase>& cases) {
  const std::vector<double> values = ops::values_of(x);
  const int64_t n = range_parts(x.size());
  std::vector<double> parts(static_cast<size_t>(2 * n), 0);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t part = i / 256 % static_cast<size_t>(n) * 2;
    parts[part] = std::min(parts[part], values[i]);
    parts[part + 1] = std::max(parts[part + 1], values[i]);
  }
  const Tensor range = ops::make_tensor(kF32, {n, 2}, parts);
  cases.push_back({str("range_of_parts ", x.size()), range_of_parts_kernel(x.size()), {x}, {range}});
  cases.push_back({str("dynamic_quantize ", x.size()),
                   dynamic_quantize_kernel(x.size()),
                   {x, range},
                   reference("DynamicQuantizeLinear", {}, {x}, 3)});
}

}  // namespace

std::vector<KernelCase> integer_cases() {
  std::vector<KernelCase> cases;
  for (const DataType a : {kU8, kI8})
    for (const DataType b : {kU8, kI8}) {
      cases.push_back(product_case(a, b, {1, 65, 70, 132}, true, Problem::kOne,
                                   b == kI8 ? Problem::kNone : Problem::kOne));
      cases.push_back(product_case(a, b, {2, 5, 9, 67}, false, Problem::kMany, Problem::kMany));
      cases.push_back(product_case(a, b, {1, 1, 130, 33}, true, Problem::kNone, Problem::kMany));
    }
  add_dynamic_cases(random_tensor(kF32, {3, 7001}, -3, 9), cases);
  add_dynamic_cases(random_tensor(kF32, {33}, 2, 5), cases);
  add_dynamic_cases(random_tensor(kF32, {40}, -5, -2), cases);
  add_dynamic_cases(random_tensor(kF32, {4}, 0, 0), cases);
  return cases;
}

}  // namespace ingot::cuda
