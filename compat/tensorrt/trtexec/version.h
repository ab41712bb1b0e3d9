// Whose flags, defaults and version are shown.
#pragma once

namespace ingot::trtexec {

struct Version {
  int major;
  unsigned bit;  // k8, k10 or k11
  const char *tag, *text;
};

/// That of INGOT_TENSORRT, or the newest. Throws Error for a version that there is not.
const Version& version();
/// Of messages about a wrong INGOT_TENSORRT.
const Version& newest_version();

}  // namespace ingot::trtexec
