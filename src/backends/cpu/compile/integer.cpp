// Candidates for the ops on 8-bit integers: products and convolutions with constant weights, which are
// packed, and the ways between floats and integers.
#include <algorithm>

#include "backends/cpu/compile/family.h"
#include "backends/cpu/kernels/integer/integer_gemm.h"

namespace ingot::cpu {
namespace {

bool is_byte(const Value* v) {
  return v != nullptr && (v->dtype() == DataType::kI8 || v->dtype() == DataType::kU8);
}
bool absent_or_byte(const Value* v) { return v == nullptr || is_byte(v); }

int64_t count(const Request& r, size_t i) {
  const Value* v = r.node.input(i);
  return v == nullptr ? 1 : num_elements(r.shapes.dims(*v));
}

// Why scales (or zero points) of the inputs from `first` on are none that the kernels know; null: they are.
const char* why_not(const Request& r, const Value* b, std::initializer_list<size_t> zeros,
                    std::initializer_list<size_t> scales) {
  for (size_t i : zeros)
    if (!absent_or_byte(r.node.input(i))) return "a zero point is not a byte";
  for (size_t i : scales)
    if (!is_f32(r.node.input(i))) return "a scale is not f32";
  if (!is_byte(r.node.input(0)) || !is_byte(b) || !r.node.input(0)->type().ranked)
    return "an operand has no bytes";
  return b->is_constant() ? nullptr : "the weights are not constant";
}

PackedInput pack(size_t input, const Tensor& b, int64_t groups, bool trans_b, Isa isa) {
  const int64_t n = b.dims()[trans_b ? 0 : 1] / groups, k = trans_b ? b.size() / b.dims()[0] : b.dims()[0];
  return {input, str("integer_b/", isa_name(isa), "/", groups, trans_b ? "/t" : ""), [=]() -> Result<Tensor> {
            const int64_t bytes = packed_integer_b_bytes(n, k, isa);
            INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(DataType::kU8, {groups * bytes}));
            const auto* from = static_cast<const uint8_t*>(b.data());
            auto* to = static_cast<uint8_t*>(out.mutable_data());
            for (int64_t g = 0; g < groups; ++g)
              pack_integer_b(from + g * n * k, b.dtype() == DataType::kI8, trans_b ? k : b.dims()[1], trans_b,
                             n, k, isa, to + g * bytes);
            return out;
          }};
}

}  // namespace

void integer_product_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str(node.op().name, "__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  const bool quantized = node.is("QLinearMatMul");
  const size_t b_at = quantized ? 3 : 1;
  const Value* b = node.input(b_at);
  const char* reason = quantized ? why_not(r, b, {2, 5, 7}, {1, 4, 6}) : why_not(r, b, {2, 3}, {});
  if (reason != nullptr) return skip(reason);
  const Dims a = r.shapes.dims(*node.input(0)), w = b->constant().dims();
  if (a.empty() || w.size() != 2) return skip("the weights are not a matrix");
  const int64_t k = w[0], n = w[1], m = k == 0 ? 0 : num_elements(a) / k;
  if (k == 0 || k > kMaxIntegerDepth) return skip("sums may leave 32 bits");
  const auto fits = [&](size_t i, int64_t each) { return count(r, i) == 1 || count(r, i) == each; };
  if (quantized ? count(r, 1) != 1 || count(r, 2) != 1 || count(r, 6) != 1 || count(r, 7) != 1 ||
                      !fits(4, n) || !fits(5, n)
                : (count(r, 2) != 1 && (a.size() != 2 || count(r, 2) != m)) || !fits(3, n))
    return skip("scales or zero points are neither one number nor one for each row or column");
  if (quantized && !is_byte(node.output())) return skip("the result has no bytes");
  Candidate c = candidate_for(node, "integer_product", kernel, Layout::kPlain);
  c.args.set("quantized", int64_t{quantized});
  c.args.set("signed_b", int64_t{b->dtype() == DataType::kI8});
  c.args.set("n", n);
  c.args.set("k", k);
  c.packed.push_back(pack(b_at, b->constant(), 1, false, r.isa));
  offer.candidates.push_back(std::move(c));
}

void integer_conv_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str(node.op().name, "__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  const bool quantized = node.is("QLinearConv");
  const size_t w_at = quantized ? 3 : 1;
  const Value* w = node.input(w_at);
  const char* reason = quantized ? why_not(r, w, {2, 5, 7}, {1, 4, 6}) : why_not(r, w, {2, 3}, {});
  if (reason != nullptr) return skip(reason);
  const Dims dims = w->constant().dims();
  const int64_t groups = node.attrs().get_int("group", 1), filters = dims[0];
  if (dims.size() < 3 || dims.size() > 4) return skip("the image has neither one nor two spatial dims");
  if (w->constant().size() == 0 || w->constant().size() / filters > kMaxIntegerDepth)
    return skip("sums may leave 32 bits");
  Candidate c = candidate_for(node, "integer_conv", kernel, Layout::kPlain);
  c.args = node.attrs();
  c.args.set("weight_dims", dims);
  c.args.set("quantized", int64_t{quantized});
  c.args.set("signed_b", int64_t{w->dtype() == DataType::kI8});
  c.packed.push_back(pack(w_at, w->constant(), groups, true, r.isa));
  offer.candidates.push_back(std::move(c));
}

void quantize_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const std::string kernel = str(node.op().name, "__", isa_name(r.isa));
  const auto skip = [&](const char* why) { offer.skipped.push_back({kernel, why}); };
  const Value *x = node.input(0), *zero = node.input(2);
  const bool back = node.is("DequantizeLinear");
  const Value* integers = back ? x : node.output();
  const bool wide = back && x->dtype() == DataType::kI32 && zero == nullptr;
  if (!is_f32(back ? node.output() : x) || !is_f32(node.input(1)) || !(is_byte(integers) || wide) ||
      !absent_or_byte(zero) || !x->type().ranked)
    return skip("it is not between f32 and bytes");
  const Dims scale = r.shapes.dims(*node.input(1));
  if (num_elements(scale) != 1 && (scale.size() != 1 || node.attrs().get_int("block_size") != 0))
    return skip("scales are for blocks");
  Candidate c = candidate_for(node, "quantize", kernel, Layout::kPlain);
  c.args = node.attrs();
  offer.candidates.push_back(std::move(c));
}

void dynamic_quantize_offer(const Request& r, Offer& offer) {
  const std::string kernel = str("DynamicQuantizeLinear__", isa_name(r.isa));
  if (!r.node.input(0)->type().ranked || r.node.output(0) == nullptr || r.node.output(1) == nullptr ||
      r.node.output(2) == nullptr)
    return offer.skipped.push_back({kernel, "the input has no known rank, or a result is not wanted"});
  offer.candidates.push_back(candidate_for(r.node, "dynamic_quantize", kernel, Layout::kPlain));
}

LayoutRule integer_product_rule(const Request&) { return LayoutRule::kPlain; }
LayoutRule integer_conv_rule(const Request&) { return LayoutRule::kPlain; }
LayoutRule quantize_rule(const Request&) { return LayoutRule::kPlain; }
LayoutRule dynamic_quantize_rule(const Request&) { return LayoutRule::kPlain; }

}  // namespace ingot::cpu
