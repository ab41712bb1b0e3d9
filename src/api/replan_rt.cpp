// The run-only library has no compiler: an engine whose plans do not fit is refused with what to do.
#include "api/engine_impl.h"
#include "base/status.h"

namespace ingot {

Result<std::shared_ptr<const EngineImage>> replan_for(const EngineImage&, Device&) {
  return unsupported(
      "the run-only library cannot make a plan for it: load the engine with libingot once and save it, or "
      "build it for this machine");
}

Result<std::string> Engine::why(const std::string&) const {
  return unsupported("the run-only library does not know the alternatives: load the engine with libingot");
}

}  // namespace ingot
