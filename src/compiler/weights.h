// The weights of an engine that is being built: plain ones of the graph, packed ones of the plans, and which
// of the first are held by the second.
#pragma once

#include <map>

#include "engine/engine_file.h"
#include "target/target.h"

namespace ingot {

/// Equal tensors are kept once, and so is each packed form of one.
class WeightTable {
 public:
  WeightTable() = default;
  explicit WeightTable(std::vector<Weight> weights);

  int32_t add(const Tensor& data);
  /// The packed form of `source`, which is made unless the table has it.
  Result<int32_t> add_packed(const Tensor& source, const PackedInput& packed);

  TensorType type(int32_t weight) const { return weights_[static_cast<size_t>(weight)].data.type(); }

  /// The table. A weight that no plan reads and whose elements some packed form holds is left without bytes:
  /// only a plan that is made anew needs it, and that restores it.
  std::vector<Weight> take(const std::vector<Plan>& plans);

 private:
  using Source = std::pair<const void*, Dims>;
  static Source source_of(const Tensor& t) { return {t.data(), t.dims()}; }
  int32_t append(const Tensor& data, std::string packing);

  std::vector<Weight> weights_;
  std::map<Source, std::vector<int32_t>> plain_;
  std::map<std::pair<Source, std::string>, int32_t> packed_;
  std::vector<std::pair<Source, int32_t>> permutations_;
};

/// What the engine's graph refers to: its weights, those that only a packed form holds restored by `target`,
/// whose plans packed them.
Result<std::vector<Tensor>> graph_weights(const EngineImage& engine, const Target& target);

}  // namespace ingot
