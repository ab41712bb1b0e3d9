// libnvinfer_plugin: the plugins that come with the library register when it is initialised.
#include "ingot_tensorrt.h"

extern "C" TENSORRTAPI bool initLibNvInferPlugins(void*, const char*) { return true; }
