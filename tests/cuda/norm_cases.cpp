#include "backends/cuda/kernels/norm/norm.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

using enum DataType;

KernelCase softmax_case(DataType type, int64_t outer, int64_t size, int64_t inner, bool logarithm = false) {
  const Tensor x = random_tensor(type, {outer, size, inner}, -6, 6);
  return {str("softmax ", data_type_name(type), " ", size, "x", inner),
          softmax_kernel({type, outer, size, inner, logarithm}),
          {x},
          reference(logarithm ? "LogSoftmax" : "Softmax", {{"axis", int64_t{1}}}, {x}),
          type_tolerance(type)};
}

KernelCase layer_norm_case(DataType type, int64_t rows, int64_t columns, bool skip, int64_t skip_rows = 0) {
  const Tensor x = random_tensor(type, {rows, columns}, -1, 3);
  const Tensor scale = random_tensor(type, {columns}, 0, 2, 2),
               bias = random_tensor(type, {columns}, -1, 1, 3);
  LayerNormProblem p{type, type, rows, columns};
  p.has_skip = p.has_sum = skip;
  p.skip_rows = skip_rows;
  KernelCase c{str("layer_norm ", data_type_name(type), " ", columns, skip ? " skip" : ""),
               layer_norm_kernel(p),
               {},
               {},
               type_tolerance(type)};
  if (skip) {
    const Tensor s = random_tensor(type, {skip_rows > 0 ? skip_rows : rows, columns}, -1, 1, 4);
    const Tensor x3 = skip_rows > 0 ? x.reshaped({rows / skip_rows, skip_rows, columns}) : x;
    c.inputs = {x, s, scale, bias};
    c.expected = reference("SkipLayerNormalization", {}, {x3, s, scale, bias}, 2);
  } else {
    c.inputs = {x, {}, scale, bias};
    c.expected = reference("LayerNormalization", {}, {x, scale, bias});
    c.trailing_nulls = 1;
  }
  return c;
}

KernelCase rms_norm_case(DataType type, int64_t rows, int64_t columns) {
  const Tensor x = random_tensor(type, {rows, columns}), scale = random_tensor(type, {columns}, 0, 2, 2);
  LayerNormProblem p{type, type, rows, columns};
  p.rms = true;
  p.has_bias = false;
  KernelCase c{str("rms_norm ", data_type_name(type)),
               layer_norm_kernel(p),
               {x, {}, scale, {}},
               reference("RMSNormalization", {}, {x, scale}),
               type_tolerance(type)};
  c.trailing_nulls = 1;
  return c;
}

KernelCase group_norm_case(DataType type, int64_t images, int64_t side, int64_t channels, int64_t groups,
                           double far = 0) {
  const Tensor x = random_tensor(type, {images, channels, side, side}, far - 1, far + 2);
  const Tensor scale = random_tensor(type, {channels}, 0, 2, 2),
               bias = random_tensor(type, {channels}, -1, 1, 3);
  const Tensor y = groups == channels
                       ? reference("InstanceNormalization", {}, {x, scale, bias})[0]
                       : reference("GroupNormalization", {{"num_groups", groups}}, {x, scale, bias})[0];
  return {str("group_norm ", data_type_name(type), " ", channels, "/", groups, far > 0 ? " far from 0" : ""),
          group_norm_kernel({type, type, images, side * side, channels, groups}),
          {to_nhwc(x), scale, bias},
          {to_nhwc(y)},
          type_tolerance(type)};
}

}  // namespace

std::vector<KernelCase> norm_cases() {
  std::vector<KernelCase> cases;
  for (const DataType type : {kF32, kF16, kBF16}) {
    for (const int64_t size : {1, 7, 64, 197, 384, 1000, 5001})
      cases.push_back(softmax_case(type, 5, size, 1, size == 64));
    cases.push_back(softmax_case(type, 3, 21, 35));
    cases.push_back(softmax_case(type, 2, 5, 64, true));
    for (const int64_t columns : {5, 96, 768, 1000, 4096})
      cases.push_back(layer_norm_case(type, 9, columns, columns == 768));
    cases.push_back(layer_norm_case(type, 12, 768, true, 4));
    cases.push_back(layer_norm_case(type, 3, 33, true));
    cases.push_back(rms_norm_case(type, 7, 512));
    cases.push_back(group_norm_case(type, 2, 7, 64, 8));
    cases.push_back(group_norm_case(type, 2, 5, 30, 30));
    cases.push_back(group_norm_case(type, 1, 9, 320, 32));
  }
  cases.push_back(group_norm_case(kF32, 1, 40, 16, 16, 1000));
  return cases;
}

std::vector<KernelBench> norm_benches() {
  std::vector<KernelBench> benches;
  const std::pair<int64_t, int64_t> shapes[] = {{128, 768},  {197, 768},  {4096, 768},
                                                {3072, 768}, {6304, 768}, {25216, 768}};
  for (const auto& [rows, columns] : shapes) {
    const size_t bytes = static_cast<size_t>(rows * columns) * 2, row = static_cast<size_t>(columns) * 2;
    LayerNormProblem p{kF16, kF16, rows, columns};
    p.has_skip = p.has_sum = true;
    benches.push_back({str("skip_layer_norm f16 ", rows, "x", columns),
                       layer_norm_kernel(p),
                       kF16,
                       {bytes, bytes, row, row},
                       {bytes, bytes}});
  }
  for (const auto& [rows, columns] :
       {std::pair<int64_t, int64_t>{12 * 128, 128}, {12 * 8 * 384, 384}, {32 * 12 * 197, 200}}) {
    const size_t bytes = static_cast<size_t>(rows * columns) * 2;
    benches.push_back({str("softmax f16 ", rows, "x", columns),
                       softmax_kernel({kF16, rows, columns}),
                       kF16,
                       {bytes},
                       {bytes}});
  }
  return benches;
}

}  // namespace ingot::cuda
