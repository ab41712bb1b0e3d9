// The text form of a graph, both ways: what `--dump-after` shows, what pass tests are written in, and what
// the engine file stores beside its weights.
//
//   graph main(x: f32[batch, 3, 8, 8], "odd name": i64[]) {
//     w = f32[4, 3, 1, 1] @0                     # tensor 0 of the table beside the text
//     b = f32[4] {0.5, 1, -2, 1e-3}
//     y: f32[batch, 4, 8, 8] = Conv(x, w, b) {pads = [0, 0, 0, 0], group = 1} as "conv1"
//     a, _ = Split(y, _) {axis = 1, num_outputs = 2}
//     z = If(c; a, b) then_branch = graph t(a, b) { return a } else_branch = graph e(a, b) { return b }
//     return a, z
//   }
//
// Names and strings that are no identifiers stand in quotes. `_` is an optional input that is not given, or
// an output that is not wanted; captured values follow ';'. Constants may also be `splat(value)` and
// `random(seed, mean, deviation)`. Result types are inferred; where one is written down it has to fit.
#pragma once

#include "ir/graph.h"

namespace ingot {

struct PrintOptions {
  /// Where constants of more than 16 elements go, each content once; null: they are shown as "..." and the
  /// text is for readers only.
  std::vector<Tensor>* weights = nullptr;
  bool types = true;  // of results
};
std::string print(const Graph& graph, const PrintOptions& options = {});

/// Builds and infers the graph. Safe on hostile text: errors say the line, nesting and generated constants
/// are limited. Constants share the memory of `weights`.
Result<std::unique_ptr<Graph>> parse_graph(std::string_view text, std::span<const Tensor> weights = {});

/// A value's type alone, as in "f32[batch, 3]".
Result<TensorType> parse_type(std::string_view text);

}  // namespace ingot
