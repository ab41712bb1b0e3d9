// Inputs for a run: from .npy files where they are given, seeded random numbers elsewhere.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "ingot/engine.h"
#include "npy.h"
#include "shapes.h"

namespace ingot::cli {

struct FeedOptions {
  std::vector<std::string> files;  // name=file.npy
  Shapes shapes;                   // of inputs that are not given
  unsigned seed = 0;
};

struct Feed {
  Array array;
  std::string source;  // the file's name, or "random"
};
using Feeds = std::map<std::string, Feed>;

/// One for each input. Open dims of random inputs come from `shapes`, from symbols that the files bind, from
/// the engine's first profile (opt), and are 1 otherwise. Throws Error.
Feeds make_feeds(const Engine& engine, const FeedOptions& options);
/// Floats in [0, 1), integers in [0, 10): small enough to be indices of most things. Throws Error.
Array random_array(const TensorInfo& input, const Dims& dims, std::mt19937& rng);
/// The dims alone, without files: for reports.
Shapes default_dims(const Engine& engine, const Shapes& shapes);
void set_inputs(Context& context, const Feeds& feeds);

}  // namespace ingot::cli
