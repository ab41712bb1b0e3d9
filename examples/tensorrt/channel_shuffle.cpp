// A plugin in a shared library: ChannelShuffle, of ShuffleNet, which writes channel g*n+i of `groups` groups
// of n to channel i*groups+g. ONNX nodes of that name, with an attribute "groups", become this plugin. For
// TensorRT 10 and 11.
//
//   g++ -std=c++17 -shared -fPIC -I<prefix>/include/tensorrt-10 -I<prefix>/include/cuda channel_shuffle.cpp
//       -L<prefix>/lib/tensorrt-10 -lnvinfer -L<prefix>/lib/cuda -lcudart -o libchannel_shuffle.so
//   ingot exec trtexec --onnx=model.onnx --staticPlugins=libchannel_shuffle.so
#include <cuda_runtime_api.h>
#include <NvInfer.h>
#include <NvInferPlugin.h>

#include <cstring>
#include <new>

using namespace nvinfer1;

namespace {

constexpr const char *kName = "ChannelShuffle", *kVersion = "1";

class ChannelShuffle : public IPluginV3,
                       public IPluginV3OneCore,
                       public IPluginV3OneBuild,
                       public IPluginV3OneRuntime {
 public:
  explicit ChannelShuffle(int32_t groups) : groups_(groups) {}

  // IPluginV3
  IPluginCapability* getCapabilityInterface(PluginCapabilityType type) noexcept override {
    switch (type) {
      case PluginCapabilityType::kCORE:
        return static_cast<IPluginV3OneCore*>(this);
      case PluginCapabilityType::kBUILD:
        return static_cast<IPluginV3OneBuild*>(this);
      case PluginCapabilityType::kRUNTIME:
        return static_cast<IPluginV3OneRuntime*>(this);
    }
    return nullptr;
  }
  IPluginV3* clone() noexcept override { return new (std::nothrow) ChannelShuffle(groups_); }

  // IPluginV3OneCore
  const char* getPluginName() const noexcept override { return kName; }
  const char* getPluginVersion() const noexcept override { return kVersion; }
  const char* getPluginNamespace() const noexcept override { return ""; }

  // IPluginV3OneBuild
  int32_t getNbOutputs() const noexcept override { return 1; }
  int32_t getOutputDataTypes(DataType* outputs, int32_t, const DataType* inputs,
                             int32_t) const noexcept override {
    outputs[0] = inputs[0];
    return 0;
  }
  int32_t getOutputShapes(const DimsExprs* inputs, int32_t, const DimsExprs*, int32_t, DimsExprs* outputs,
                          int32_t, IExprBuilder&) noexcept override {
    outputs[0] = inputs[0];
    return 0;
  }
  bool supportsFormatCombination(int32_t at, const DynamicPluginTensorDesc* tensors, int32_t,
                                 int32_t) noexcept override {
    const PluginTensorDesc& tensor = tensors[at].desc;
    return tensor.type == DataType::kFLOAT && tensor.format == TensorFormat::kLINEAR;
  }
  int32_t configurePlugin(const DynamicPluginTensorDesc* inputs, int32_t, const DynamicPluginTensorDesc*,
                          int32_t) noexcept override {
    return inputs[0].desc.dims.nbDims == 4 ? 0 : -1;
  }

  // IPluginV3OneRuntime
  int32_t onShapeChange(const PluginTensorDesc* inputs, int32_t, const PluginTensorDesc*,
                        int32_t) noexcept override {
    return inputs[0].dims.d[1] % groups_ == 0 ? 0 : -1;
  }
  int32_t enqueue(const PluginTensorDesc* input, const PluginTensorDesc*, const void* const* from,
                  void* const* to, void*, cudaStream_t stream) noexcept override {
    const auto& d = input[0].dims.d;
    const size_t n = static_cast<size_t>(d[1]) / groups_,
                 bytes = static_cast<size_t>(d[2] * d[3]) * sizeof(float);
    const char* source = static_cast<const char*>(from[0]);
    char* target = static_cast<char*>(to[0]);
    for (int64_t image = 0; image < d[0];
         ++image, source += n * groups_ * bytes, target += n * groups_ * bytes)
      for (int32_t g = 0; g < groups_; ++g)  // a group's channels go to every groups_-th place
        if (cudaMemcpy2DAsync(target + g * bytes, groups_ * bytes, source + g * n * bytes, bytes, bytes, n,
                              cudaMemcpyDeviceToDevice, stream) != cudaSuccess)
          return -1;
    return 0;
  }
  IPluginV3* attachToContext(IPluginResourceContext*) noexcept override { return clone(); }
  const PluginFieldCollection* getFieldsToSerialize() noexcept override { return &fields_; }

 private:
  int32_t groups_;
  PluginField field_{"groups", &groups_, PluginFieldType::kINT32, 1};
  PluginFieldCollection fields_{1, &field_};
};

class ChannelShuffleCreator : public IPluginCreatorV3One {
 public:
  const char* getPluginName() const noexcept override { return kName; }
  const char* getPluginVersion() const noexcept override { return kVersion; }
  const char* getPluginNamespace() const noexcept override { return ""; }
  const PluginFieldCollection* getFieldNames() noexcept override { return &fields_; }
  IPluginV3* createPlugin(const char*, const PluginFieldCollection* fields, TensorRTPhase) noexcept override {
    int32_t groups = 0;
    for (int32_t i = 0; i < fields->nbFields; ++i)
      if (std::strcmp(fields->fields[i].name, "groups") == 0)
        groups = *static_cast<const int32_t*>(fields->fields[i].data);
    return groups > 0 ? new (std::nothrow) ChannelShuffle(groups) : nullptr;
  }

 private:
  PluginField field_{"groups", nullptr, PluginFieldType::kINT32, 1};
  PluginFieldCollection fields_{1, &field_};
};

}  // namespace

// For programs that link the library, and for those that load it by name.
REGISTER_TENSORRT_PLUGIN(ChannelShuffleCreator);

extern "C" IPluginCreatorInterface* const* getCreators(int32_t& count) {
  static ChannelShuffleCreator creator;
  static IPluginCreatorInterface* const creators[] = {&creator};
  count = 1;
  return creators;
}

extern "C" void setLoggerFinder(ILoggerFinder*) {}
