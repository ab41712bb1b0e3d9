// Quantizers for a graph that has none: around its convolutions and products with constant weights, from the
// ranges that their inputs were seen to have.
#pragma once

#include <map>

#include "ir/graph.h"

namespace ingot {

/// The activations that insert_quantizers needs a range for: what convolutions and products read, and what is
/// added to the result of one that nothing else reads, so that residuals stay narrow.
std::vector<Value*> tensors_to_quantize(const Graph& graph);

/// Puts a QuantizeLinear and a DequantizeLinear of 8-bit integers behind each of them that has a range (the
/// largest magnitude, by name), and quantizes the weights, with a scale for each filter.
Status insert_quantizers(Graph& graph, const std::map<std::string, double>& ranges);

}  // namespace ingot
