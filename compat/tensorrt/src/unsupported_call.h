// What the generated base classes call.
#pragma once

namespace ingot::tensorrt {

/// Logs that `call` ("IBuilder::setX") is not supported, with the logger that was given last.
void unsupported(const char* call) noexcept;

}  // namespace ingot::tensorrt
