// Inputs and references of kernel cases.
#include <cmath>
#include <cstring>

#include "kernel_case.h"
#include "ops/op_testing.h"

namespace ingot::cuda {

Tensor random_tensor(DataType type, const Dims& dims, double lo, double hi, unsigned seed) {
  std::vector<double> values(static_cast<size_t>(num_elements(dims)));
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (double& v : values) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    v = lo + (hi - lo) * static_cast<double>(state >> 40) / static_cast<double>(1 << 24);
    if (is_integer(type)) v = std::floor(v);
    if (type == DataType::kBool) v = v > (lo + hi) / 2;
  }
  return ops::make_tensor(type, dims, values);
}

double type_tolerance(DataType type) {
  switch (type) {
    case DataType::kF64:
    case DataType::kF32:
      return 1e-5;
    case DataType::kF16:
      return 3e-3;
    case DataType::kBF16:
      return 2e-2;
    case DataType::kF8E4M3:
    case DataType::kF8E5M2:
      return 0.3;
    default:
      return 0;
  }
}

std::vector<Tensor> reference(std::string_view name, const Attrs& attrs, const std::vector<Tensor>& inputs,
                              size_t num_outputs) {
  auto outputs = ops::run_op(name, attrs, inputs, num_outputs);
  if (!outputs.ok()) {
    std::fprintf(stderr, "reference %s: %s\n", std::string(name).c_str(),
                 outputs.status().to_string().c_str());
    std::abort();
  }
  return *std::move(outputs);
}

std::string difference(const KernelCase& c, const std::vector<std::byte>& bytes, const Tensor& expected) {
  const auto keep = std::make_shared<std::vector<std::byte>>(bytes);
  const std::vector<double> got =
      ops::values_of(Tensor::wrap(expected.dtype(), expected.dims(), keep->data(), keep));
  const std::vector<double> want = ops::values_of(expected);
  double square = 0;
  for (const double w : want) square += std::isfinite(w) ? w * w : 0;
  const double rms = std::sqrt(square / static_cast<double>(std::max<size_t>(1, want.size())));
  size_t wrong = 0, worst = 0;
  double largest = -1;
  for (size_t i = 0; i < want.size(); ++i) {
    if (std::isnan(want[i]) ? std::isnan(got[i]) : want[i] == got[i]) continue;
    const double error = std::fabs(got[i] - want[i]) / std::max(std::fabs(want[i]), rms);
    if (error <= c.tolerance) continue;
    ++wrong;
    if (!(error <= largest)) worst = i, largest = error;
  }
  if (wrong == 0) return "";
  return str(wrong, " of ", want.size(), " are wrong; at ", worst, " got ", got[worst], ", expected ",
             want[worst]);
}

Tensor transposed(const Tensor& x, const std::vector<size_t>& order) {
  Ints perm(order.begin(), order.end());
  return reference("Transpose", {{"perm", perm}}, {x})[0];
}

Tensor cast(const Tensor& x, DataType type) { return ops::make_tensor(type, x.dims(), ops::values_of(x)); }

bool has_one_of(const std::string& name, std::string_view texts) {
  for (size_t at = 0; at < texts.size();) {
    const size_t end = std::min(texts.find(',', at), texts.size());
    if (name.find(texts.substr(at, end - at)) != name.npos) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace ingot::cuda
