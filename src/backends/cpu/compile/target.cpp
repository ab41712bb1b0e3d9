// The CPU as a Target: asks the family of a node's op, then adds the reference kernel.
#include <algorithm>

#include "backends/cpu/compile/family.h"
#include "backends/cpu/compile/packing.h"
#include "backends/cpu/plugin.h"

namespace ingot::cpu {

#define INGOT_CPU_FAMILY(op, prefix)                \
  LayoutRule prefix##_rule(const Request& request); \
  void prefix##_offer(const Request& request, Offer& offer);
#include "backends/cpu/compile/families.inc"
#undef INGOT_CPU_FAMILY

Candidate candidate_for(const Node& node, std::string op, std::string kernel, Layout layout) {
  Candidate c;
  c.op = std::move(op);
  c.kernel = std::move(kernel);
  c.inputs.assign(node.inputs().size(), layout);
  c.outputs.assign(node.outputs().size(), layout);
  return c;
}

namespace {

std::span<const Family> families() {
#define INGOT_CPU_FAMILY(op, prefix) {#op, prefix##_rule, prefix##_offer},
  static const Family kFamilies[] = {
#include "backends/cpu/compile/families.inc"
      {"", always_plain, nullptr}};
#undef INGOT_CPU_FAMILY
  return kFamilies;
}

const Family* family_of(const Node& node) {
  for (const Family& f : families())
    if (f.op == node.op().name) return &f;
  return nullptr;
}

class CpuTarget final : public Target {
 public:
  CpuTarget(Isa isa, int threads) : isa_(isa), threads_(threads) {}
  std::string_view device() const override { return "cpu"; }
  std::string_view arch() const override { return isa_name(isa_); }
  int block() const override { return block_of(isa_); }
  int threads() const override { return threads_; }
  bool has_narrow_floats() const override { return false; }
  bool has_conv_chains() const override { return true; }

  LayoutRule layout_rule(const Node& node, const OptShapes& shapes) const override {
    const Family* family = family_of(node);
    return family == nullptr ? LayoutRule::kPlain
                             : family->rule({node, shapes, Layout::kPlain, isa_, threads_});
  }

  Offer candidates(const Node& node, const OptShapes& shapes, Layout layout) const override {
    Offer offer;
    if (const Family* family = family_of(node)) family->offer({node, shapes, layout, isa_, threads_}, offer);
    offer.candidates.push_back(reference_candidate(node));
    return offer;
  }

  Candidate reorder(const TensorType& type, Layout from, Layout to) const override {
    Candidate c;
    c.op = "reorder";
    c.kernel = from == to ? "copy" : to == Layout::kBlocked ? "to_blocked" : "to_plain";
    c.inputs = {from};
    c.outputs = {to};
    return c;
  }

  Result<Tensor> unpack(std::string_view packing, const Tensor& packed, const Dims& plain) const override {
    const bool ours = packing.find('/') != std::string_view::npos;  // they name the instruction set
    return ours ? unpack_from(packing, packed, plain) : Target::unpack(packing, packed, plain);
  }

 private:
  Isa isa_;
  int threads_;
};

}  // namespace

Result<std::unique_ptr<Target>> make_target(int threads) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, detect_isa());
  return std::unique_ptr<Target>(std::make_unique<CpuTarget>(isa, threads));
}

}  // namespace ingot::cpu
