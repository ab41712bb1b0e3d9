// Resizes of images: of the last one or two dims of [N, C, ...] by constant scales, or to given sizes.
#pragma once

#include <optional>

#include "ir/graph.h"

namespace ingot {

/// Scales of the last two dims (1 where there is one), zeros where sizes are given; nullopt where the Resize
/// also changes other dims, crops, smooths or keeps an aspect ratio.
std::optional<Floats> image_scales(const Node& node);

}  // namespace ingot
