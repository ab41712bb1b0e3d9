// An engine compared with the reference interpreter, which computes every op by its plain definition.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingot/engine.h"

namespace ingot {

struct VerifyOptions {
  BuildOptions build;
  /// Elements x and expected y agree where |x - y| <= rtol * |y| + atol * max(1, rms of the expected tensor).
  /// NaN agrees with NaN, an infinity with itself.
  double rtol = 1e-3, atol = 1e-4;
};

/// One tensor that was computed twice.
struct Difference {
  std::string name, node, kernel;  ///< node and kernel only for layers
  double max_abs = 0;              ///< largest |x - y| over the finite elements
  int64_t wrong = 0, elements = 0;
  std::string note;  ///< shapes or types that differ; empty when the elements were compared
  bool ok() const { return wrong == 0 && note.empty(); }
};

struct INGOT_API VerifyReport {
  std::vector<Difference> without_passes;  ///< outputs of an engine built with all passes off
  std::vector<Difference> passes;          ///< the optimized graph, interpreted: are the passes right?
  std::vector<Difference> engine;          ///< outputs of the engine
  /// Every result in the optimized graph, by kernels and by the interpreter, in order: the first that is not
  /// ok is where to look. The engine's own results are those of `engine`: here nothing is computed in place
  /// of something else, so that all can be compared.
  std::vector<Difference> layers;
  bool ok() const;  ///< all of the above
};

/// Builds the model with and without passes, runs both, and interprets it: slow, as the interpreter is.
/// `inputs` has one tensor for each input of the model. Errors: those of `build` and of a run.
INGOT_API Result<VerifyReport> verify(const std::string& onnx_path,
                                      const std::map<std::string, TensorRef>& inputs,
                                      const VerifyOptions& options = {});

}  // namespace ingot
