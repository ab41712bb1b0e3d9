#include "backends/cuda/kernels/copy/copy.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

KernelCase transpose_case(DataType from, DataType to, const Dims& dims, const std::vector<size_t>& order) {
  const Tensor x = random_tensor(from, dims, -9, 9);
  const Dims strides = dense_strides(dims);
  CopyProblem p{from, to, {}, {}, {}};
  for (const size_t d : order) {
    p.dims.push_back(dims[d]);
    p.from_strides.push_back(strides[d]);
  }
  p.to_strides = dense_strides(p.dims);
  return {str("transpose ", data_type_name(from), " to ", data_type_name(to), " ", dims_to_string(dims)),
          copy_kernel(p),
          {x},
          {cast(transposed(x, order), to)},
          type_tolerance(to)};
}

KernelCase pad_case(DataType type, const Dims& dims, const Ints& pads, const char* mode, PadMode m) {
  const Tensor x = random_tensor(type, dims, -9, 9);
  PadProblem p{type, dims, {}, {}, m, m == PadMode::kConstant ? 2.5 : 0};
  p.before.assign(pads.begin(), pads.begin() + static_cast<long>(dims.size()));
  p.after.assign(pads.begin() + static_cast<long>(dims.size()), pads.end());
  std::vector<Tensor> inputs = {x, Tensor::vector_i64(pads)};
  if (m == PadMode::kConstant) inputs.push_back(cast(Tensor::scalar_f32(2.5f), type));
  return {str("pad ", mode, " ", data_type_name(type)),
          pad_kernel(p),
          {x},
          reference("Pad", {{"mode", std::string(mode)}}, inputs),
          0};
}

KernelCase gather_case(DataType type, DataType index, const Dims& dims, int64_t axis, int64_t count) {
  GatherProblem p{type, index, 1, dims[static_cast<size_t>(axis)], 1, count};
  for (int64_t d = 0; d < static_cast<int64_t>(dims.size()); ++d)
    (d < axis ? p.outer : d > axis ? p.inner : p.indices) *= d == axis ? 1 : dims[static_cast<size_t>(d)];
  const double size = static_cast<double>(p.axis);
  const Tensor x = random_tensor(type, dims, -9, 9), indices = random_tensor(index, {count}, -size, size);
  return {str("gather ", data_type_name(type), " ", dims_to_string(dims)),
          gather_kernel(p),
          {x, indices},
          reference("Gather", {{"axis", axis}}, {x, indices}),
          0};
}

KernelCase gather_elements_case(DataType type, const Dims& dims, const Dims& out, int64_t axis) {
  const double size = static_cast<double>(dims[static_cast<size_t>(axis)]);
  const Tensor x = random_tensor(type, dims, -9, 9),
               indices = random_tensor(DataType::kI64, out, -size, size);
  return {"gather_elements",
          gather_elements_kernel({type, DataType::kI64, dims, out, static_cast<int>(axis)}),
          {x, indices},
          reference("GatherElements", {{"axis", axis}}, {x, indices}),
          0};
}

}  // namespace

std::vector<KernelCase> copy_cases() {
  std::vector<KernelCase> cases;
  using enum DataType;
  for (const auto& [from, to] :
       {std::pair(kF32, kF32), std::pair(kF16, kF16), std::pair(kF32, kF16), std::pair(kBF16, kF32)}) {
    cases.push_back(transpose_case(from, to, {2, 3, 5, 7}, {0, 2, 3, 1}));
    cases.push_back(transpose_case(from, to, {2, 70, 9, 10}, {0, 2, 3, 1}));
    cases.push_back(transpose_case(from, to, {2, 9, 10, 70}, {0, 3, 1, 2}));
    cases.push_back(transpose_case(from, to, {1, 8, 6, 16}, {0, 2, 1, 3}));
    cases.push_back(transpose_case(from, to, {3, 4, 5, 6, 7}, {4, 2, 0, 3, 1}));
    cases.push_back(transpose_case(from, to, {129, 65}, {1, 0}));
  }
  cases.push_back(transpose_case(kI64, kI64, {5, 6}, {1, 0}));
  cases.push_back(transpose_case(kBool, kBool, {5, 6}, {1, 0}));
  {  // NCHW with 3 channels to NHWC with 8, the rest zero
    const Tensor x = random_tensor(kF32, {2, 3, 9, 10});
    const CopyProblem p{kF32, kF16, {2, 9, 10, 8}, {270, 10, 1, 90}, {720, 80, 8, 1}, 3};
    const Tensor padded =
        reference("Pad", {}, {to_nhwc(x), Tensor::vector_i64(Ints{0, 0, 0, 0, 0, 0, 0, 5})})[0];
    cases.push_back({"nchw3 to nhwc8", copy_kernel(p), {x}, {cast(padded, kF16)}, 0});
  }
  for (const DataType type : {kF32, kF16, kI64, kBool}) {
    cases.push_back(pad_case(type, {3, 4, 5}, {1, 0, 2, 0, -1, 3}, "constant", PadMode::kConstant));
    cases.push_back(gather_case(type, kI64, {4, 7, 24}, 1, 5));
  }
  cases.push_back(pad_case(kF32, {3, 4, 5}, {2, 0, 2, 1, 1, 3}, "edge", PadMode::kEdge));
  cases.push_back(pad_case(kF32, {3, 4, 5}, {2, 0, 2, 1, 1, 3}, "reflect", PadMode::kReflect));
  cases.push_back(pad_case(kF32, {3, 4, 5}, {2, 0, 2, 1, 1, 3}, "wrap", PadMode::kWrap));
  cases.push_back(gather_case(kF16, kI32, {30, 7}, 0, 50));
  cases.push_back(gather_case(kF32, kI32, {2, 3, 11}, 2, 4));
  cases.push_back(gather_elements_case(kF32, {3, 4, 5}, {2, 6, 5}, 1));
  cases.push_back(gather_elements_case(kF16, {3, 4}, {3, 2}, 1));
  return cases;
}

std::vector<KernelBench> copy_benches() {
  std::vector<KernelBench> benches;
  for (const int64_t n : {1, 8, 32, 128}) {
    const auto bytes = [&](int64_t each, size_t size) { return static_cast<size_t>(n * each) * size; };
    const CopyProblem image{DataType::kF32,          DataType::kF16,       {n, 224, 224, 8},
                            {150528, 224, 1, 50176}, {401408, 1792, 8, 1}, 3};
    benches.push_back({str("copy nchw3_f32_to_nhwc8_f16 batch ", n),
                       copy_kernel(image),
                       DataType::kF32,
                       {bytes(150528, 4)},
                       {bytes(401408, 2)}});
    const CopyProblem features{
        DataType::kF16, DataType::kF16, {n, 784, 256}, {200704, 1, 784}, {200704, 256, 1}};
    benches.push_back({str("copy nchw_to_nhwc_f16 28x28x256 batch ", n),
                       copy_kernel(features),
                       DataType::kF16,
                       {bytes(200704, 2)},
                       {bytes(200704, 2)}});
  }
  return benches;
}

}  // namespace ingot::cuda
