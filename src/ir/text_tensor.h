// Tensors in the text of a graph: "f32[2] {1, 0.5}", "f32[64, 3] @0", "f32[8] splat(1)", "f32[8] random(1, 0,
// 0.5)".
#pragma once

#include <unordered_map>

#include "ir/scanner.h"

namespace ingot {

/// The table beside the text, each content once.
class TensorTable {
 public:
  /// What `tensors` holds already is found again.
  explicit TensorTable(std::vector<Tensor>& tensors);
  size_t add(const Tensor& tensor);

 private:
  std::vector<Tensor>& tensors_;
  std::unordered_multimap<uint64_t, size_t> by_hash_;
};

/// `table` may be null; see PrintOptions.
void print_tensor(const Tensor& tensor, TensorTable* table, std::string& out);

class TensorParser {
 public:
  explicit TensorParser(std::span<const Tensor> weights) : weights_(weights) {}
  Result<Tensor> parse(Scanner& scanner);

 private:
  Result<Tensor> allocate(const TensorType& type, const Dims& dims);
  std::span<const Tensor> weights_;
  size_t generated_bytes_ = 0;
};

}  // namespace ingot
