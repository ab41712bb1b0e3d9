// The engine that is measured: built from an ONNX model, or loaded.
#pragma once

#include "ingot/engine.h"
#include "options.h"

namespace ingot::trtexec {

/// The device of BuildOptions that --device means: a GPU where there is one. Logs what it is.
std::string choose_device(const Options& options);
/// Says in the log what is done and how long it took. Throws Error.
Engine make_engine(const Options& options, const std::string& device);
void print_profiles(const Engine& engine);

}  // namespace ingot::trtexec
