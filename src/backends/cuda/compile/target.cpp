// The GPU as a Target: looks an op up, asks for candidates, then adds the reference kernel, which runs on the
// host.
#include <algorithm>
#include <cstdlib>

#include "backends/cuda/compile/family.h"
#include "backends/cuda/plugin.h"
#include "backends/cuda/run/cuda_device.h"

namespace ingot::cuda {

#define INGOT_CUDA_OP(op, family, rule, way) \
  LayoutRule rule##_rule(const Node& node);  \
  void offer_##way(const Request& request, std::string_view family_name, Offer& out);
#include "backends/cuda/compile/ops.inc"
#undef INGOT_CUDA_OP

namespace {

struct Entry {
  std::string_view op, family;
  RuleFunction rule;
  OfferFunction offer;
};
constexpr Entry kOps[] = {
#define INGOT_CUDA_OP(op, family, rule, way) {#op, #family, rule##_rule, offer_##way},
#include "backends/cuda/compile/ops.inc"
#undef INGOT_CUDA_OP
};

const Entry* find(const Node& node) {
  for (const Entry& e : kOps)
    if (e.op == node.op().name) return &e;
  return nullptr;
}

bool ranked(const Node& node) {
  const auto is = [](const Value* v) { return v == nullptr || v->type().ranked; };
  return std::all_of(node.inputs().begin(), node.inputs().end(), is) &&
         std::all_of(node.outputs().begin(), node.outputs().end(), is);
}

// Kernels write their first output in any case, but those of recurrent layers: often the last state is wanted
// alone.
bool gives_what_is_wanted(const Entry& entry, const Node& node) {
  return node.output() != nullptr || entry.offer == offer_rnn;
}

class CudaTarget final : public Target {
 public:
  CudaTarget(CudaDevice& device, std::unique_ptr<CudaStream> stream, bool tf32)
      : device_(device), stream_(std::move(stream)), tf32_(tf32) {}
  std::string_view device() const override { return device_.name(); }
  std::string_view arch() const override { return device_.arch(); }
  int block() const override { return 0; }  // channels last
  int threads() const override { return 1; }
  bool has_squeeze_excitation() const override { return true; }
  bool has_pooled_layers() const override { return arch() == "sm_90a"; }

  LayoutRule layout_rule(const Node& node, const OptShapes&) const override {
    const Entry* entry = find(node);
    if (entry == nullptr || !ranked(node) || node.output() == nullptr || node.output()->type().rank() < 3)
      return LayoutRule::kPlain;
    return entry->rule(node);
  }

  Offer candidates(const Node& node, const OptShapes& shapes, Layout layout) const override {
    Offer offer;
    if (const Entry* entry = find(node);
        entry != nullptr && ranked(node) && gives_what_is_wanted(*entry, node))
      entry->offer({node, shapes, layout, *stream_, tf32_}, entry->family, offer);
    offer.candidates.push_back(reference_candidate(node));
    return offer;
  }

  Candidate reorder(const TensorType&, Layout from, Layout to) const override {
    Candidate c;
    c.op = "reorder";
    c.kernel = from == to ? "copy" : to == Layout::kBlocked ? "to_channels_last" : "to_plain";
    c.inputs = {from};
    c.outputs = {to};
    return c;
  }

 private:
  CudaDevice& device_;
  std::unique_ptr<CudaStream> stream_;
  bool tf32_;
};

}  // namespace

Result<std::unique_ptr<Target>> make_target(Device& device, bool tf32) {
  // What NVIDIA's own libraries heed, whatever a program asks for.
  if (const char* forced = std::getenv("NVIDIA_TF32_OVERRIDE"); forced != nullptr && forced[0] == '0')
    tf32 = false;
  auto& gpu = static_cast<CudaDevice&>(device);
  INGOT_ASSIGN_OR_RETURN(std::unique_ptr<CudaStream> stream, CudaStream::create(gpu.gpu()));
  return std::unique_ptr<Target>(std::make_unique<CudaTarget>(gpu, std::move(stream), tf32));
}

LayoutRule plain_rule(const Node&) { return LayoutRule::kPlain; }
LayoutRule blocked_rule(const Node&) { return LayoutRule::kBlocked; }
LayoutRule follow_rule(const Node&) { return LayoutRule::kFollow; }

// For ops whose inputs all have the output's rank.
LayoutRule follow_wide_rule(const Node& node) {
  const Value* first = node.input(0);
  return first->type().rank() == node.output()->type().rank() ? LayoutRule::kFollow : LayoutRule::kPlain;
}

}  // namespace ingot::cuda
