#include "compiler/weights.h"

#include <algorithm>

namespace ingot {
namespace {

// Smaller ones are not worth a reference in place of the bytes.
constexpr size_t kWorthSharing = 1024;

}  // namespace

WeightTable::WeightTable(std::vector<Weight> weights) : weights_(std::move(weights)) {
  for (size_t i = 0; i < weights_.size(); ++i)
    plain_[source_of(weights_[i].data)].push_back(static_cast<int32_t>(i));
}

int32_t WeightTable::append(const Tensor& data, std::string packing) {
  weights_.push_back({data, std::move(packing)});
  return static_cast<int32_t>(weights_.size() - 1);
}

int32_t WeightTable::add(const Tensor& data) {
  // Equal contents at different addresses are found when the file is written; here one tensor used twice is
  // enough.
  auto& known = plain_[source_of(data)];
  for (int32_t i : known) {
    const Weight& w = weights_[static_cast<size_t>(i)];
    if (w.packing.empty() && w.data.dtype() == data.dtype()) return i;
  }
  known.push_back(append(data, ""));
  return known.back();
}

Result<int32_t> WeightTable::add_packed(const Tensor& source, const PackedInput& packed) {
  const std::pair key{source_of(source), packed.packing};
  if (auto it = packed_.find(key); it != packed_.end()) return it->second;
  INGOT_ASSIGN_OR_RETURN(const Tensor data, packed.pack());
  const int32_t index = append(data, packed.packing);
  if (packed.permutation && source.bytes() >= kWorthSharing) permutations_.emplace_back(key.first, index);
  return packed_[key] = index;
}

std::vector<Weight> WeightTable::take(const std::vector<Plan>& plans) {
  const std::vector<bool> used = weights_read(plans, weights_.size());
  for (const auto& [source, packed] : permutations_) {
    for (int32_t plain : plain_[source]) {
      Weight& w = weights_[static_cast<size_t>(plain)];
      if (!used[static_cast<size_t>(plain)]) w = Weight::packed_away(w.data, packed);
    }
  }
  return std::move(weights_);
}

Result<std::vector<Tensor>> graph_weights(const EngineImage& engine, const Target& target) {
  std::vector<Tensor> out;
  for (const Weight& w : engine.weights) {
    if (w.stored()) {
      out.push_back(w.data);
      continue;
    }
    const Weight& packed = engine.weights[static_cast<size_t>(w.packed_in)];
    INGOT_ASSIGN_OR_RETURN(Tensor plain, target.unpack(packed.packing, packed.data, w.data.dims()));
    out.push_back(std::move(plain));
  }
  return out;
}

}  // namespace ingot
