// Kernels of src/backends/cuda/kernels as test cases: what to run on, what to expect.
#pragma once

#include <array>
#include <functional>

#include "backends/cuda/kernels/kernel_spec.h"
#include "base/attrs.h"

namespace ingot::cuda {

struct KernelCase {
  std::string name;
  Result<KernelSpec> spec;
  std::vector<Tensor> inputs;    // in the kernel's layout; an invalid one is a null pointer
  std::vector<Tensor> expected;  // the outputs, which follow the inputs; computed by the op's `eval`
  double tolerance = 0;          // of |error| / max(|expected|, root mean square of expected)
  int trailing_nulls = 0;        // pointers after the outputs, for optional ones that are not wanted
};

/// How an output is not what was expected; empty when it is.
std::string difference(const KernelCase& c, const std::vector<std::byte>& bytes, const Tensor& expected);

/// Whether the name has one of the texts "TEXT,TEXT..." in it.
bool has_one_of(const std::string& name, std::string_view texts);

/// The cases of each family.
std::vector<KernelCase> pointwise_cases();
std::vector<KernelCase> copy_cases();
std::vector<KernelCase> norm_cases();
std::vector<KernelCase> reduce_cases();
std::vector<KernelCase> conv_cases();
std::vector<KernelCase> hopper_conv_cases();
std::vector<KernelCase> pool_cases();
std::vector<KernelCase> depthwise_cases();
std::vector<KernelCase> attention_cases();
std::vector<KernelCase> quantized_cases();
std::vector<KernelCase> index_cases();
std::vector<KernelCase> sample_cases();
std::vector<KernelCase> direct_cases();
std::vector<KernelCase> integer_cases();

/// All of the above.
inline auto kernel_case_families() {
  return std::array{pointwise_cases,   copy_cases,   norm_cases,      reduce_cases,    conv_cases,
                    hopper_conv_cases, pool_cases,   depthwise_cases, attention_cases, quantized_cases,
                    index_cases,       sample_cases, direct_cases,    integer_cases};
}

/// A problem of a real network, to be timed.
struct KernelBench {
  std::string name;
  Result<KernelSpec> spec;
  DataType type = DataType::kF16;       // of the inputs' random numbers
  std::vector<size_t> inputs, outputs;  // in bytes
  std::vector<size_t> same_input = {};  // where not empty: which input memory each pointer is
  double bytes = 0, flops = 0;          // least traffic and work; bytes 0: those of inputs and outputs
};

std::vector<KernelBench> pointwise_benches();
std::vector<KernelBench> copy_benches();
std::vector<KernelBench> norm_benches();
std::vector<KernelBench> conv_benches();
std::vector<KernelBench> pool_benches();
std::vector<KernelBench> depthwise_benches();
std::vector<KernelBench> attention_benches();
std::vector<KernelBench> quantized_benches();

/// Pseudo-random numbers in [lo, hi), the same for equal seeds.
Tensor random_tensor(DataType type, const Dims& dims, double lo = -1, double hi = 1, unsigned seed = 1);
/// A rounding error of the type, with room for a few operations: 1e-5 for f32, 0 for integers.
double type_tolerance(DataType type);
/// Op `name` on tensors (invalid: absent), as run_op of ops/op_testing.h; a failure ends the program.
std::vector<Tensor> reference(std::string_view name, const Attrs& attrs, const std::vector<Tensor>& inputs,
                              size_t num_outputs = 1);
/// The tensor with dims in another order.
Tensor transposed(const Tensor& x, const std::vector<size_t>& order);
inline Tensor to_nhwc(const Tensor& x) { return transposed(x, {0, 2, 3, 1}); }
Tensor cast(const Tensor& x, DataType type);

}  // namespace ingot::cuda
