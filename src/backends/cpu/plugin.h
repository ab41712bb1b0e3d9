// The CPU backend's two doors: the Target lives in compile/, the Device in run/. A run-only library links the
// Device alone.
#pragma once

#include "runtime/device.h"

namespace ingot {
class Target;
}

namespace ingot::cpu {

/// The processor's own name.
std::string processor_model();
/// Errors: INGOT_ISA names an instruction set that is unknown or that this machine lacks.
Result<std::unique_ptr<Device>> make_device();
/// Kernels for this machine's instruction set, tuned for `threads`.
Result<std::unique_ptr<Target>> make_target(int threads);

}  // namespace ingot::cpu
