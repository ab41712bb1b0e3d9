#include "device.h"

#include <algorithm>
#include <cstdlib>

#include "ingot/device.h"

namespace ingot::tensorrt {

const std::string& device() {
  static const std::string chosen = [] {
    if (const char* asked = std::getenv("INGOT_DEVICE"); asked != nullptr && *asked != 0)
      return std::string(asked);
    const auto all = devices();
    const bool gpu = std::any_of(all.begin(), all.end(), [](const auto& d) { return d.name == "cuda"; });
    return std::string(gpu ? "cuda" : "cpu");
  }();
  return chosen;
}

}  // namespace ingot::tensorrt
