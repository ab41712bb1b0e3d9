// Candidates for MatMul and FusedMatMul: constant B is packed at build time; tiles and thread grids compete.
#include "backends/cpu/kernels/gemm/gemm.h"

#include <algorithm>

#include "backends/cpu/compile/family.h"
#include "backends/cpu/compile/packing.h"

namespace ingot::cpu {
namespace {

struct Product {
  bool trans_a, trans_b;
  float alpha;
  bool constant_b;  // a constant matrix: packed
};

Product product_of(const Node& node) {
  Product p;
  p.trans_a = node.attrs().get_int("trans_a") != 0;
  p.trans_b = node.attrs().get_int("trans_b") != 0;
  p.alpha = node.attrs().get_float("alpha", 1);
  p.constant_b = node.input(1)->is_constant() && node.input(1)->type().rank() == 2;
  return p;
}

PackedInput pack_b(const Tensor& data, const Product& p, Isa isa) {
  std::string packing = str("gemm_b/", isa_name(isa), p.trans_b ? "/t" : "");
  if (p.alpha == 1) return permuted(1, std::move(packing), data);
  // Scaled weights are rounded anew, so they are no mere permutation of the original.
  return {1, str(packing, "/x", p.alpha), [data, packing, alpha = p.alpha]() -> Result<Tensor> {
            INGOT_ASSIGN_OR_RETURN(Tensor out, pack_as(packing, data));
            for (float& v : out.mutable_span<float>()) v *= alpha;
            return out;
          }};
}

// The bias input: absent, or one number per column.
bool bias_fits(const Value* bias, const Dim& n) {
  if (bias == nullptr) return true;
  if (!is_f32(bias)) return false;
  const Shape& s = bias->shape();
  return !s.empty() && s.back() == n &&
         std::all_of(s.begin(), s.end() - 1, [](const Dim& d) { return d.is(1); });
}

}  // namespace

LayoutRule gemm_rule(const Request&) { return LayoutRule::kPlain; }

void gemm_offer(const Request& r, Offer& offer) {
  const Node& node = r.node;
  const auto skip = [&](std::string why) {
    offer.skipped.push_back({str("gemm_f32__", isa_name(r.isa)), std::move(why)});
  };
  if (!is_f32(node.output()) || !is_f32(node.input(0)) || !is_f32(node.input(1)))
    return skip("an operand is not a ranked f32 tensor");
  if (node.input(0)->type().rank() < 1 || node.input(1)->type().rank() < 1)
    return skip("an operand is a scalar");
  const Product p = product_of(node);
  const Dims a = r.shapes.dims(*node.input(0)), b = r.shapes.dims(*node.input(1));
  const bool vector = a.size() < 2 || b.size() < 2;
  if (vector && node.inputs().size() > 2) return skip("a product of vectors has an epilogue");
  if (!vector && !bias_fits(node.input(2), node.output()->shape().back()))
    return skip("the bias is not one number per column");

  GemmDesc d;
  d.trans_a = p.trans_a;
  d.trans_b = p.trans_b;
  d.b_packed = p.constant_b;
  d.k = a.size() < 2 ? a.back() : a[a.size() - (p.trans_a ? 2 : 1)];
  d.m = a.size() < 2 ? 1 : a[a.size() - (p.trans_a ? 1 : 2)];
  d.n = b.size() < 2 ? 1 : b[b.size() - (p.trans_b ? 2 : 1)];
  if (b.size() == 2 && !p.trans_a)
    for (size_t i = 0; i + 2 < a.size(); ++i) d.m *= a[i];
  d.lda = a.back();
  d.ldb = b.back();
  d.ldc = d.ld_residual = d.n;
  for (const GemmTuning& t : gemm_candidates(d, r.isa, r.threads)) {
    Candidate c = candidate_for(node, "gemm", gemm_name(t, r.isa), Layout::kPlain);
    c.args = {{"rows", int64_t{t.rows}},      {"vecs", int64_t{t.vecs}},
              {"k_block", t.k_block},         {"m_threads", int64_t{t.m_threads}},
              {"pack_a", int64_t{t.pack_a}},  {"trans_a", int64_t{p.trans_a}},
              {"trans_b", int64_t{p.trans_b}}};
    if (const std::string epilogue = node.attrs().get_string("epilogue"); !epilogue.empty())
      c.args.set("epilogue", epilogue);
    if (p.constant_b) {
      c.packed.push_back(pack_b(node.input(1)->constant(), p, r.isa));
      c.args.set("b_packed", int64_t{1});
      c.args.set("n", d.n);
      c.args.set("k", d.k);
    } else if (p.alpha != 1) {
      c.args.set("alpha", p.alpha);
    }
    offer.candidates.push_back(std::move(c));
  }
}

}  // namespace ingot::cpu
