// Helpers of the tests of passes: random inputs, and graphs compared by what they compute.
#pragma once

#include <string>

#include "ir/graph.h"

namespace ingot {

/// Values for the graph's inputs, from `seed`. Each symbol is some size from 2 to 5.
std::vector<Tensor> random_inputs(const Graph& graph, uint64_t seed);

/// What is different between the outputs of the two graphs on random inputs; empty when nothing is.
std::string difference(const Graph& expected, const Graph& got, uint64_t seed, double tolerance = 1e-4);

/// How many nodes there are for each op, as in "Conv 53, GlobalAveragePool 1", subgraphs included.
std::string count_ops(const Graph& graph);

}  // namespace ingot
