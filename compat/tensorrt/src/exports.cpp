// The functions that clients link to; the rest of the interface is reached through the objects they return.
#include "builder.h"
#include "parser_refitter.h"
#include "plugin/builtin.h"
#include "plugin_registry.h"
#include "runtime.h"

using namespace ingot::tensorrt;

namespace {

// Clients pass the version of the headers they were compiled with; within a major all are served.
bool same_major(int32_t version, nvinfer1::ILogger* logger) {
  const int32_t major = version >= 100000 ? version / 10000 : version / 1000;
  if (major == NV_TENSORRT_MAJOR) return true;
  Log(logger).error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
                    "the program was compiled for TensorRT " + std::to_string(major) +
                        ", this library serves " + std::to_string(NV_TENSORRT_MAJOR));
  return false;
}

}  // namespace

extern "C" {

TENSORRTAPI void* createInferBuilder_INTERNAL(void* logger, int32_t version) noexcept {
  auto* log = static_cast<nvinfer1::ILogger*>(logger);
  return same_major(version, log) ? static_cast<nvinfer1::IBuilder*>(new Builder(log)) : nullptr;
}

TENSORRTAPI void* createInferRuntime_INTERNAL(void* logger, int32_t version) noexcept {
  auto* log = static_cast<nvinfer1::ILogger*>(logger);
  return same_major(version, log) ? static_cast<nvinfer1::IRuntime*>(new Runtime(log)) : nullptr;
}

TENSORRTAPI void* createInferRefitter_INTERNAL(void* engine, void* logger, int32_t version) noexcept {
  auto* log = static_cast<nvinfer1::ILogger*>(logger);
  if (!same_major(version, log)) return nullptr;
  if (engine == nullptr) {
    Log(log).error(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "createInferRefitter: the engine is null");
    return nullptr;
  }
  auto& ours = static_cast<CudaEngine&>(*static_cast<nvinfer1::ICudaEngine*>(engine));
  if (!ours.isRefittable()) {
    Log(log).error(nvinfer1::ErrorCode::kINVALID_STATE,
                   "createInferRefitter: the engine was built without kREFIT: its weights cannot be changed");
    return nullptr;
  }
  return Log(log).guard("createInferRefitter", [&]() -> void* {
    return static_cast<nvinfer1::IRefitter*>(new Refitter(ours, log));
  });
}

TENSORRTAPI nvinfer1::IPluginRegistry* getPluginRegistry() noexcept { return &PluginRegistry::global(); }
TENSORRTAPI nvinfer1::ILogger* getLogger() noexcept { return last_logger(); }
TENSORRTAPI int32_t getInferLibVersion() noexcept { return NV_TENSORRT_VERSION; }
TENSORRTAPI int32_t getInferLibMajorVersion() noexcept { return NV_TENSORRT_MAJOR; }
TENSORRTAPI int32_t getInferLibMinorVersion() noexcept { return NV_TENSORRT_MINOR; }
TENSORRTAPI int32_t getInferLibPatchVersion() noexcept { return NV_TENSORRT_PATCH; }
TENSORRTAPI int32_t getInferLibBuildVersion() noexcept { return NV_TENSORRT_BUILD; }

// For libnvinfer_plugin.
TENSORRTAPI bool ingot_register_plugins(const char* space) noexcept { return register_builtins(space); }

// For libnvonnxparser, whose objects live here.
TENSORRTAPI void* ingot_create_onnx_parser(void* network, void* logger) noexcept {
  if (network == nullptr) {
    Log(static_cast<nvinfer1::ILogger*>(logger))
        .error(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "createParser: the network is null");
    return nullptr;
  }
  auto* definition = static_cast<nvinfer1::INetworkDefinition*>(network);
  return static_cast<nvonnxparser::IParser*>(
      new Parser(static_cast<NetworkDefinition&>(*definition), static_cast<nvinfer1::ILogger*>(logger)));
}

#if NV_TENSORRT_MAJOR >= 10
TENSORRTAPI void* ingot_create_onnx_parser_refitter(void* refitter, void* logger) noexcept {
  if (refitter == nullptr) return nullptr;
  auto& ours = static_cast<Refitter&>(*static_cast<nvinfer1::IRefitter*>(refitter));
  return static_cast<nvonnxparser::IParserRefitter*>(
      new ParserRefitter(ours, static_cast<nvinfer1::ILogger*>(logger)));
}
#endif

}  // extern "C"

namespace nvinfer1 {
extern "C" {

TENSORRTAPI IPluginRegistry* getBuilderPluginRegistry(EngineCapability) noexcept {
  return &PluginRegistry::global();
}
TENSORRTAPI safe::IPluginRegistry* getBuilderSafePluginRegistry(EngineCapability) noexcept { return nullptr; }
#if NV_TENSORRT_MAJOR >= 10
TENSORRTAPI bool setInternalLibraryPath(const char*) noexcept { return true; }
#endif

}  // extern "C"
}  // namespace nvinfer1
