// Shapes as people type them: "x:1x3x224x224,mask:1x128".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingot/engine.h"

namespace ingot::cli {

using Shapes = std::map<std::string, Dims>;

/// Names may hold ':' and ','; a scalar is "x:" with nothing after it. Throws Error for anything else.
Shapes parse_shapes(const std::string& text);
/// Several options together; a name that is given twice is an Error.
Shapes parse_shapes(const std::vector<std::string>& texts);
/// The i-th texts of the three options are the i-th profile. An option that is missing altogether takes the
/// dims of another one: opt those of max, min those of opt, max those of opt.
std::vector<Profile> parse_profiles(const std::vector<std::string>& min, const std::vector<std::string>& opt,
                                    const std::vector<std::string>& max);

/// "1x3x224x224", or "scalar".
std::string to_text(const Dims& dims);

}  // namespace ingot::cli
