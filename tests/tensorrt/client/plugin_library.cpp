// A shared library with a plugin, as registries load it: both entry points, and one creator that registers
// when the library is loaded.
#include "scale_v2.h"

namespace {

nvinfer1::ILoggerFinder* finder = nullptr;

class LoadedCreator : public client::ScaleCreator {
 public:
  LoadedCreator() : ScaleCreator("ScaleOfLibrary") {}
};
class StaticCreator : public client::ScaleCreator {
 public:
  StaticCreator() : ScaleCreator("ScaleOfStaticRegistrar") {}
};
REGISTER_TENSORRT_PLUGIN(StaticCreator);

}  // namespace

extern "C" {

TENSORRTAPI void setLoggerFinder(nvinfer1::ILoggerFinder* given) { finder = given; }
TENSORRTAPI bool library_has_logger() { return finder != nullptr && finder->findLogger() != nullptr; }

#if NV_TENSORRT_MAJOR == 8
TENSORRTAPI nvinfer1::IPluginCreator* const* getPluginCreators(int32_t& count) {
  static LoadedCreator creator;
  static nvinfer1::IPluginCreator* const list[] = {&creator};
#else
TENSORRTAPI nvinfer1::IPluginCreatorInterface* const* getCreators(int32_t& count) {
  static LoadedCreator creator;
  static nvinfer1::IPluginCreatorInterface* const list[] = {&creator};
#endif
  count = 1;
  return list;
}

}  // extern "C"
