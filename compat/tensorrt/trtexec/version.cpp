#include "version.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>

#include "error.h"
#include "flags.h"

namespace ingot::trtexec {
namespace {

constexpr Version kVersions[] = {{8, k8, "[TensorRT v8601]", "8.6.1"},
                                 {10, k10, "[TensorRT v101600] [b72]", "10.16.0"},
                                 {11, k11, "[TensorRT v110100] [b106]", "11.1.0"}};

}  // namespace

const Version& newest_version() { return kVersions[std::size(kVersions) - 1]; }

const Version& version() {
  const char* wanted = std::getenv("INGOT_TENSORRT");
  if (wanted == nullptr || *wanted == 0) return newest_version();
  for (const Version& v : kVersions)
    if (std::to_string(v.major) == wanted) return v;
  throw cli::Error(fmt::format("INGOT_TENSORRT={}: expected 8, 10 or 11", wanted));
}

}  // namespace ingot::trtexec
