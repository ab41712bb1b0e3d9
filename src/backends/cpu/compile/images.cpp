// Candidates for Resize, Pad and ConvTranspose.
#include <algorithm>

#include "backends/cpu/compile/channels.h"
#include "backends/cpu/kernels/conv/transposed.h"
#include "ops/convolution.h"
#include "target/image_scales.h"

namespace ingot::cpu {
namespace {

bool is_image(const Value* v) { return is_f32(v) && (v->type().rank() == 3 || v->type().rank() == 4); }

// nullopt: not one of the forms that the kernel has.
std::optional<Floats> f32_scales(const Node& node) {
  return is_image(node.input(0)) ? image_scales(node) : std::nullopt;
}

// Constant margins that leave channels alone, and zeros or copies of pixels in them.
bool pads_pixels(const Node& node) {
  const Value* pads = node.input(1);
  if (!is_image(node.input(0)) || !pads->is_constant() || node.input(2) != nullptr ||
      node.input(3) != nullptr)
    return false;
  const Ints values = to_int64s(pads->constant().view());
  const size_t rank = values.size() / 2;
  return rank >= 3 && values[1] == 0 && values[rank + 1] == 0;
}

}  // namespace

LayoutRule resize_rule(const Request& r) {
  return f32_scales(r.node) ? LayoutRule::kFollow : LayoutRule::kPlain;
}

void resize_offer(const Request& r, Offer& offer) {
  const std::string kernel = str("resize_f32__", isa_name(r.isa));
  auto scales = f32_scales(r.node);
  if (!scales)
    return offer.skipped.push_back(
        {kernel, "it is not a plain resize of the pixels of an f32 image by constant scales or by sizes"});
  Candidate c = candidate_for(r.node, "resize", kernel, r.layout);
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  c.args = r.node.attrs();
  c.args.set("scales", std::move(*scales));
  offer.candidates.push_back(std::move(c));
}

LayoutRule pad_rule(const Request& r) {
  return pads_pixels(r.node) ? LayoutRule::kFollow : LayoutRule::kPlain;
}

void pad_offer(const Request& r, Offer& offer) {
  const TensorType& x = r.node.input(0)->type();
  if (!x.ranked || bit_width(x.dtype) < 8 || bit_width(x.dtype) > 64)
    return offer.skipped.push_back({"pad", "the input has no known rank, or elements of half a byte"});
  Candidate c = candidate_for(r.node, "pad", "pad", r.layout);
  for (size_t i = 1; i < c.inputs.size(); ++i) c.inputs[i] = Layout::kPlain;
  c.args = r.node.attrs();
  c.sizes_outputs = r.layout == Layout::kPlain;
  offer.candidates.push_back(std::move(c));
}

namespace {

Result<TransposedConvDesc> transposed_desc(const Attrs& attrs, const Dims& x, const Dims& w) {
  ops::Window window;
  INGOT_ASSIGN_OR_RETURN(const Dims out, ops::transposed_conv_sizes(attrs, x, w, window));
  TransposedConvDesc t;
  t.conv.batch = x[0];
  t.conv.in_channels = x[1];
  t.conv.groups = attrs.get_int("group", 1);
  t.conv.out_channels = w[1] * t.conv.groups;
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t to = i + 2 - out.size();
    const ops::WindowAxis& axis = window.axes[i];
    t.conv.in[to] = x[i + 2], t.conv.kernel[to] = axis.kernel, t.conv.stride[to] = axis.stride;
    t.conv.dilation[to] = axis.dilation, t.conv.pad_begin[to] = axis.pad_begin;
    t.out[to] = out[i];
  }
  return t;
}

const char* transposed_why_not(const Request& r) {
  const Node& n = r.node;
  if (!is_image(n.input(0)) || !is_image(n.output())) return "it is not an f32 image of one or two dims";
  if (!n.input(1)->is_constant() || n.input(1)->dtype() != DataType::kF32)
    return "the filter is not constant";
  if (n.input(2) != nullptr && !n.input(2)->is_constant()) return "the bias is not constant";
  if (!n.input(0)->shape()[1].is_const()) return "the number of channels is not fixed";
  const Shape& x = n.input(0)->shape();
  const bool sized = is_static(Shape(x.begin() + 2, x.end()));
  if (!sized && (n.attrs().get_string("auto_pad", "NOTSET") != "NOTSET" || n.attrs().has("output_shape")))
    return "the size of the image decides where the filter lies";
  Candidate c = candidate_for(n, "", "", Layout::kBlocked);
  if (!blocked_operands(r, 3, c)) return "an operand of the epilogue cannot be read beside a blocked tensor";
  return nullptr;
}

}  // namespace

LayoutRule conv_transpose_rule(const Request& r) {
  return transposed_why_not(r) == nullptr ? LayoutRule::kBlocked : LayoutRule::kPlain;
}

void conv_transpose_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str("conv_transpose_f32__", isa_name(r.isa));
  if (const char* why = transposed_why_not(r)) return offer.skipped.push_back({kernel, why});
  const Tensor& weights = node.input(1)->constant();
  const auto problem = transposed_desc(node.attrs(), r.shapes.dims(*node.input(0)), weights.dims());
  if (!problem.ok()) return offer.skipped.push_back({kernel, std::string(problem.status().message())});
  Candidate c = candidate_for(node, "conv_transpose", kernel, Layout::kBlocked);
  c.args = node.attrs();
  c.args.set("weight_dims", weights.dims());
  if (node.input(2) != nullptr) c.packed.push_back(pack_channels(2, *node.input(2), block_of(r.isa)));
  if (auto channels = blocked_operands(r, 3, c); channels && !channels->empty())
    c.args.set("channels", std::move(*channels));
  const ConvDesc& d = problem->conv;
  const Dims form = {d.groups,
                     d.stride[0],
                     d.stride[1],
                     d.dilation[0],
                     d.dilation[1],
                     d.pad_begin[0],
                     d.pad_begin[1],
                     std::min(d.stride[0], problem->out[0]),
                     std::min(d.stride[1], problem->out[1])};
  c.packed.push_back(
      {1, str("conv_transpose/", isa_name(r.isa), dims_to_string(weights.dims()), dims_to_string(form)),
       [weights, desc = *problem, isa = r.isa]() -> Result<Tensor> {
         const TransposedConv conv(desc, isa, 1);
         INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(DataType::kF32, {conv.weight_floats()}));
         conv.pack(weights.span<float>().data(), static_cast<float*>(out.mutable_data()));
         return out;
       }});
  offer.candidates.push_back(std::move(c));
}

}  // namespace ingot::cpu
