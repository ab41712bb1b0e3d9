// Small things that several commands print or write.
#pragma once

#include <string>

#include "ingot/tensor.h"

namespace ingot::cli {

/// Writes to a file, or to the standard output for "-". Throws Error.
void write_text(const std::string& path, const std::string& text);

std::string human_bytes(double bytes);         // "12.3 MiB"
std::string human_time(double seconds);        // "1.23 ms"
std::string describe(const TensorInfo& info);  // "x: f32[batch, 3]"
/// At most `width` characters; the middle gives way.
std::string shortened(const std::string& text, size_t width);

}  // namespace ingot::cli
