#include "backends/cpu/compile/packing.h"

#include <charconv>

#include "backends/cpu/kernels/conv/conv.h"
#include "backends/cpu/kernels/depthwise/depthwise.h"
#include "backends/cpu/kernels/gemm/gemm.h"

namespace ingot::cpu {
namespace {

// "form/isa/option/option..."
struct Form {
  std::string_view name;
  Isa isa = Isa::baseline;
  std::vector<std::string_view> options;

  bool has(std::string_view option) const {
    return std::find(options.begin(), options.end(), option) != options.end();
  }
};

std::optional<Form> parse_form(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('/', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const auto isa = parts.size() < 2 ? std::nullopt : parse_isa(parts[1]);
  if (!isa) return std::nullopt;
  return Form{parts[0], *isa, {parts.begin() + 2, parts.end()}};
}

// B of a matrix product: [k, n], or [n, k] with "t".
Result<Tensor> pack_b(const Form& form, const Tensor& plain) {
  const bool transposed = form.has("t");
  const int64_t n = plain.dims()[transposed ? 0 : 1], k = plain.dims()[transposed ? 1 : 0];
  INGOT_ASSIGN_OR_RETURN(Tensor out,
                         Tensor::allocate(DataType::kF32, {packed_gemm_b_floats(n, k, form.isa)}));
  pack_gemm_b(plain.span<float>().data(), plain.dims()[1], transposed, n, k, form.isa,
              out.mutable_span<float>().data());
  return out;
}

// Filters [OC, IC / groups, kernel...] of a direct convolution; "plain" where it reads a plain image.
Result<Tensor> pack_conv(const Form& form, const Tensor& plain) {
  const Dims& dims = plain.dims();
  ConvDesc d;
  for (std::string_view option : form.options)
    if (option.starts_with('g')) std::from_chars(option.data() + 1, option.data() + option.size(), d.groups);
  if (d.groups < 1 || d.groups > dims[0] || dims[0] % d.groups != 0)
    return corrupt("weights of shape ", dims_to_string(dims), " in ", d.groups, " groups");
  d.out_channels = dims[0];
  d.in_channels = dims[1] * d.groups;
  d.plain_src = form.has("plain");
  std::copy_backward(dims.begin() + 2, dims.end(), std::end(d.kernel));
  const ConvWeights layout(d, form.isa);
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(DataType::kF32, {layout.floats()}));
  layout.pack(plain.span<float>().data(), out.mutable_span<float>().data());
  return out;
}

// Filters [C, 1, kernel...], one for each channel.
Result<Tensor> pack_depthwise(const Form& form, const Tensor& plain) {
  DepthwiseDesc d;
  d.channels = plain.dims()[0];
  d.kernel_w = plain.dims().back();
  if (plain.rank() == 4) d.kernel_h = plain.dims()[2];
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(DataType::kF32, {depthwise_filter_size(d, form.isa)}));
  pack_depthwise_filter(d, form.isa, plain.span<float>().data(), out.mutable_span<float>().data());
  return out;
}

}  // namespace

PackedInput permuted(size_t input, std::string packing, const Tensor& constant) {
  auto pack = [packing, constant] { return pack_as(packing, constant); };
  const bool countable = constant.size() < std::numeric_limits<int32_t>::max();  // as unpack_from does
  return {input, std::move(packing), std::move(pack), countable};
}

Result<Tensor> pack_as(std::string_view packing, const Tensor& plain) {
  const auto form = parse_form(packing);
  if (form && plain.dtype() == DataType::kF32) {
    const bool filter = (plain.rank() == 3 || plain.rank() == 4) && plain.size() > 0;
    if (form->name == "gemm_b" && plain.rank() == 2) return pack_b(*form, plain);
    if (form->name == "conv" && filter) return pack_conv(*form, plain);
    if (form->name == "depthwise" && filter && plain.dims()[1] == 1) return pack_depthwise(*form, plain);
  }
  return corrupt("weights of type ", plain.type().to_string(), " cannot be packed as '", packing, "'");
}

// No form needs an inverse of its own: where an element goes is found by packing the elements' numbers. They
// are carried as the bits of floats, which copies leave alone; 0 marks what is between the elements.
Result<Tensor> unpack_from(std::string_view packing, const Tensor& packed, const Dims& plain) {
  INGOT_ASSIGN_OR_RETURN(Tensor numbers, Tensor::allocate(DataType::kF32, plain));
  if (numbers.size() >= std::numeric_limits<int32_t>::max())
    return corrupt("a packed weight of ", numbers.size(), " elements");
  auto* number = static_cast<int32_t*>(numbers.mutable_data());
  for (int64_t i = 0; i < numbers.size(); ++i) number[i] = static_cast<int32_t>(i + 1);
  INGOT_ASSIGN_OR_RETURN(const Tensor places, pack_as(packing, numbers));
  if (packed.dtype() != DataType::kF32 || places.size() != packed.size())
    return corrupt("a weight of shape ", dims_to_string(plain), " packed as '", packing, "' has ",
                   packed.size(), " elements, expected ", places.size());
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(DataType::kF32, plain));
  const auto* place = static_cast<const int32_t*>(places.data());
  const auto* from = static_cast<const int32_t*>(packed.data());
  auto* to = static_cast<int32_t*>(out.mutable_data());
  for (int64_t i = 0; i < places.size(); ++i)
    if (place[i] != 0) to[place[i] - 1] = from[i];
  return out;
}

}  // namespace ingot::cpu
