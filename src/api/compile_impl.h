// The steps of a build that several files of this room share; only in libingot.
#pragma once

#include "api/engine_impl.h"
#include "ir/graph.h"
#include "target/target.h"

namespace ingot {

struct ImportedModel {
  std::unique_ptr<Graph> graph;
  std::vector<std::string> notes;
  double seconds = 0;  // that the import took
};
Result<ImportedModel> import_model(const std::string& onnx_path, const BuildOptions& options);

/// Optimizes `graph` in place and makes the engine.
Result<Engine> build_graph(Graph& graph, const BuildOptions& options, std::vector<std::string> notes,
                           double import_seconds = 0);

/// The compile side of a device that open_device gave.
Result<std::unique_ptr<Target>> make_target(Device& device, int threads, bool tf32);

/// The same, with the options that `image` was built with.
Result<std::unique_ptr<Target>> make_target(const EngineImage& image, Device& device);

/// The weights that an engine's graph refers to, plain whichever device's kernels packed them: the CPU's
/// target knows the forms of all.
Result<std::vector<Tensor>> stored_weights(const EngineImage& image);
/// The optimized graph that an engine stores, with its weights.
Result<std::unique_ptr<Graph>> stored_graph(const EngineImage& image);

}  // namespace ingot
