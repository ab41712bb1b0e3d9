// The run-only library has no compiler: an engine whose plans do not fit is refused with what to do.
#include "api/engine_impl.h"
#include "base/status.h"

namespace ingot {

Result<std::shared_ptr<const EngineImage>> replan_for(const EngineImage&, Device&) {
  return unsupported(
      "the run-only library cannot plan it anew: run 'ingot build' on this machine, or load it here with "
      "libingot "
      "and save it");
}

Result<std::vector<TensorInfo>> Engine::weights() const {
  return unsupported("the run-only library cannot refit engines: load this one with libingot");
}
Result<Engine> Engine::refit(const std::map<std::string, TensorRef>&) const { return weights().status(); }

Result<std::string> Engine::why(const std::string&) const {
  return unsupported("the run-only library does not know the alternatives: load the engine with libingot");
}

Result<std::string> Engine::why_json(const std::string& layer) const { return why(layer); }

}  // namespace ingot
