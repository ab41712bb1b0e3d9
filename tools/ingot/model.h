// The model that a command works on, and the options of building it: the same for every command.
#pragma once

#include <string>
#include <vector>

#include "ingot/engine.h"
#include "shapes.h"

namespace ingot::cli {

struct ModelOptions {
  std::string path;
  BuildOptions build;
  bool best = false;
  std::vector<std::string> calibration;  // NAME=FILE.npy
  std::string calibration_method = "entropy", calibration_cache;
  std::vector<std::string> shapes, min_shapes, opt_shapes, max_shapes;

  /// The shapes given by --shapes.
  Shapes fixed_shapes() const { return parse_shapes(shapes); }
};

/// The options with the shapes read into them.
BuildOptions build_options(const ModelOptions& options);
/// True for an engine file, by its name.
bool is_engine_file(const std::string& path);
/// Loads MODEL.ingot, builds anything else, with progress on a terminal. Warnings go to stderr.
Engine open_model(const ModelOptions& options);
Engine build_model(const ModelOptions& options);
void print_warnings(const Engine& engine);

}  // namespace ingot::cli
