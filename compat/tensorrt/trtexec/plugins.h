// TensorRT's plugins in models and engines.
#pragma once

#include "ingot/network.h"
#include "options.h"

namespace ingot::trtexec {

/// Loads the plugins of the version's own library and of those that flags name; nodes of a model that are no
/// operators are looked up among them. Throws Error.
void load_plugins(const Options& options, ImportHelp& help);

}  // namespace ingot::trtexec
