#include "runtime.h"

#include <cstring>
#include <vector>

#include "device.h"
#include "engine.h"
#include "plugin/plugin.h"
#include "plugin_registry.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::ErrorCode;

// The first bytes of NVIDIA's own plan files.
bool is_nvidia_plan(const void* data, uint64_t size) {
  return size >= 4 && (std::memcmp(data, "ftrt", 4) == 0 || std::memcmp(data, "ptrt", 4) == 0);
}

#if NV_TENSORRT_MAJOR >= 10
template <class Read>
std::vector<char> read_all(Read read) {
  constexpr int64_t kPiece = int64_t{1} << 20;
  std::vector<char> bytes;
  for (;;) {
    const size_t size = bytes.size();
    bytes.resize(size + kPiece);
    const int64_t got = read(bytes.data() + size, kPiece);
    bytes.resize(size + static_cast<size_t>(got > 0 ? got : 0));
    if (got <= 0) return bytes;
  }
}
#endif

}  // namespace

Runtime::Runtime(nvinfer1::ILogger* logger) : log_(logger) {
  mImpl = this;
  register_plugin_op();  // engines may hold plugins
}

nvinfer1::ICudaEngine* Runtime::load(const void* data, uint64_t size) noexcept {
  if (data == nullptr || size == 0) {
    log_.error(ErrorCode::kINVALID_ARGUMENT, "deserializeCudaEngine: there are no bytes");
    return nullptr;
  }
  if (is_nvidia_plan(data, size)) {
    log_.error(ErrorCode::kUNSUPPORTED_STATE,
               "deserializeCudaEngine: this is a plan of NVIDIA's TensorRT, for one GPU model and version: "
               "build the engine again from the ONNX model");
    return nullptr;
  }
  return log_.guard("deserializeCudaEngine", [&]() -> nvinfer1::ICudaEngine* {
    auto engine = load_bytes(data, size, {device()});
    return log_.check(engine.status()) ? new CudaEngine(log_.logger(), allocator_, std::move(*engine))
                                       : nullptr;
  });
}

#if NV_TENSORRT_MAJOR >= 10
nvinfer1::ICudaEngine* Runtime::deserializeCudaEngineV2(nvinfer1::IStreamReaderV2& reader) noexcept {
  const auto bytes = log_.guard("IStreamReaderV2::read", [&] {
    return read_all([&](void* to, int64_t count) { return reader.read(to, count, nullptr); });
  });
  return load(bytes.data(), bytes.size());
}
#endif
#if NV_TENSORRT_MAJOR == 10
nvinfer1::ICudaEngine* Runtime::deserializeCudaEngine(nvinfer1::IStreamReader& reader) noexcept {
  const auto bytes = log_.guard("IStreamReader::read", [&] {
    return read_all([&](void* to, int64_t count) { return reader.read(to, count); });
  });
  return load(bytes.data(), bytes.size());
}
#endif

nvinfer1::IRuntime* Runtime::loadRuntime(const char* path) noexcept {
  log_.info(std::string("loadRuntime: '") + (path == nullptr ? "" : path) +
            "' is not loaded, as this library reads the engines of all of its versions");
  return log_.guard("loadRuntime", [&]() -> nvinfer1::IRuntime* { return new Runtime(log_.logger()); });
}

nvinfer1::IPluginRegistry& Runtime::getPluginRegistry() noexcept { return PluginRegistry::global(); }

}  // namespace ingot::tensorrt
