// optimize(): the passes in order. The order and its reasons stand in pipeline.cpp.
#pragma once

#include <functional>

#include "passes/pass.h"

namespace ingot {

struct PassOptions {
  std::vector<std::string> disable;  // names of passes to leave out; "all" stands for every one
  std::string stop_after;            // the first run of that pass is the last thing done
  DataType floats = DataType::kF32;  // what float32 becomes inside the graph: kF16 or kBF16
  bool quantized = true;             // layers between quantizers work on the quantized elements
  bool blocked_channels = false;     // the device keeps images in blocks of channels
  bool narrow_floats = true;         // the device has kernels for float16 and bfloat16
  bool conv_chains = false;          // the device has kernels for ConvChain
  bool squeeze_excitation = false;   // and for SqueezeExcitation
  bool pooled_layers = false;        // and for ConvMaxPool
  /// Called with the graph before and after each run of these passes ("all": every one).
  std::vector<std::string> dump_before, dump_after;
  std::function<void(std::string_view file_name, const Graph& graph)> dump;
};

/// Infers and verifies the graph after each pass. `notes` (may be null) says what of the network cannot be
/// computed (impossible_branches.h). Unknown pass names are errors that list the known ones.
Status optimize(Graph& graph, const PassOptions& options = {}, std::vector<std::string>* notes = nullptr);

/// A `PassOptions::dump` that writes "03_fold_constants_after.ir" and the like into `folder`.
std::function<void(std::string_view, const Graph&)> dump_to_folder(std::string folder);

}  // namespace ingot
