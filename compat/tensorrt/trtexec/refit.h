// Other weights for the engine: --refitFromOnnx, --timeRefit, --dumpRefit.
#pragma once

#include "ingot/engine.h"
#include "options.h"

namespace ingot::trtexec {

/// Whether the engine has to be built so that it can be refitted.
bool wants_refit(const Options& options);
/// The engine with the weights that the options ask for. Throws Error.
Engine refitted(const Options& options, Engine engine);

}  // namespace ingot::trtexec
