// libnvinfer_plugin: the plugins that come with the library register when it is initialised.
#include "ingot_tensorrt.h"

extern "C" bool ingot_register_plugins(const char* space) noexcept;  // of libnvinfer, where they live

extern "C" TENSORRTAPI bool initLibNvInferPlugins(void*, const char* space) {
  return ingot_register_plugins(space);
}
