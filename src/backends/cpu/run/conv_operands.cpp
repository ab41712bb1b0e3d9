#include "backends/cpu/run/conv_operands.h"

namespace ingot::cpu {

ConvDesc conv_desc(const Window2d& w, const Ints& weight_dims, int64_t groups, const TensorArg& x) {
  ConvDesc d;
  d.batch = w.batch;
  d.in_channels = w.channels;
  d.out_channels = weight_dims[0];
  d.in[0] = w.in_h, d.in[1] = w.in_w;
  d.kernel[0] = w.kernel_h, d.kernel[1] = w.kernel_w;
  d.stride[0] = w.stride_h, d.stride[1] = w.stride_w;
  d.dilation[0] = w.dilation_h, d.dilation[1] = w.dilation_w;
  d.pad_begin[0] = w.pad_top, d.pad_begin[1] = w.pad_left;
  d.pad_end[0] = w.pad_bottom, d.pad_end[1] = w.pad_right;
  d.groups = groups;
  d.plain_src = x.layout == Layout::kPlain;
  return d;
}

Status check_elements(const TensorArg& arg, int64_t expected, const char* what) {
  if (num_elements(arg.dims) >= expected && arg.dtype == DataType::kF32) return {};
  return corrupt(what, " has ", num_elements(arg.dims), " numbers, expected ", expected);
}

Status check_bias(std::span<const TensorArg* const> in, size_t i, int64_t channels, Isa isa) {
  const int64_t block = block_of(isa);
  if (in.size() <= i || !in[i]->given()) return {};
  return check_elements(*in[i], (channels + block - 1) / block * block, "the bias");
}

const float* optional_floats(const Invocation& call, size_t i) {
  return call.inputs.size() > i && call.inputs[i]->given() ? call.inputs[i]->as<const float>() : nullptr;
}

}  // namespace ingot::cpu
