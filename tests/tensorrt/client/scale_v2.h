// y = x * factor as a plugin of each V2 generation, with a creator that finds its generation by name.
#pragma once

#include <NvInfer.h>

#include <cstring>
#include <string>

namespace client {

using nvinfer1::DataType;
using nvinfer1::Dims;
using nvinfer1::PluginTensorDesc;

/// What happened to plugins, over all objects.
struct Calls {
  int initialized = 0, terminated = 0, alive = 0, attached = 0, detached = 0;
};
inline Calls calls;

inline int64_t volume(const Dims& dims) {
  int64_t n = 1;
  for (int32_t i = 0; i < dims.nbDims; ++i) n *= dims.d[i];
  return n;
}

/// What all generations have in common.
template <class Base>
class ScaleBase : public Base {
 public:
  explicit ScaleBase(float factor) : factor_(factor) { ++calls.alive; }
  ~ScaleBase() noexcept override { --calls.alive; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  int32_t getNbOutputs() const noexcept override { return 1; }
  int32_t initialize() noexcept override { return ++calls.initialized, 0; }
  void terminate() noexcept override { ++calls.terminated; }
  size_t getSerializationSize() const noexcept override { return sizeof(factor_); }
  void serialize(void* to) const noexcept override { std::memcpy(to, &factor_, sizeof(factor_)); }
  void destroy() noexcept override { delete this; }
  void setPluginNamespace(const char* space) noexcept override { space_ = space; }
  const char* getPluginNamespace() const noexcept override { return space_.c_str(); }

 protected:
  int32_t scale(const void* x, void* y, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) static_cast<float*>(y)[i] = static_cast<const float*>(x)[i] * factor_;
    return 0;
  }
  float factor_;
  std::string space_;
};

/// V2, and what V2Ext and V2IOExt have of it.
template <class Base>
class FixedScale : public ScaleBase<Base> {
 public:
  using ScaleBase<Base>::ScaleBase;
  Dims getOutputDimensions(int32_t, const Dims* in, int32_t) noexcept override { return in[0]; }
  size_t getWorkspaceSize(int32_t) const noexcept override { return 64; }
  int32_t enqueue(int32_t batch, const void* const* in, void* const* out, void* workspace,
                  cudaStream_t) noexcept override {
    std::memset(workspace, 0, 64);
    return this->scale(in[0], out[0], batch * count_);
  }

 protected:
  int64_t count_ = 0;
};

class ScaleV2 final : public FixedScale<nvinfer1::IPluginV2> {
 public:
  using FixedScale::FixedScale;
  const char* getPluginType() const noexcept override { return "ScaleV2"; }
  bool supportsFormat(DataType type, nvinfer1::PluginFormat) const noexcept override {
    return type == DataType::kFLOAT;
  }
  void configureWithFormat(const Dims* in, int32_t, const Dims*, int32_t, DataType, nvinfer1::PluginFormat,
                           int32_t) noexcept override {
    count_ = volume(in[0]);
  }
  IPluginV2* clone() const noexcept override { return new ScaleV2(*this); }
  ScaleV2(const ScaleV2& other) : FixedScale(other.factor_) { count_ = other.count_; }
};

/// What V2Ext and V2IOExt have of V2Ext.
template <class Base>
class ExtScale : public FixedScale<Base> {
 public:
  using FixedScale<Base>::FixedScale;
  DataType getOutputDataType(int32_t, const DataType* in, int32_t) const noexcept override { return in[0]; }
#if NV_TENSORRT_MAJOR < 11
  bool isOutputBroadcastAcrossBatch(int32_t, const bool*, int32_t) const noexcept override { return false; }
  bool canBroadcastInputAcrossBatch(int32_t) const noexcept override { return false; }
#endif
  void attachToContext(cudnnContext*, cublasContext*, nvinfer1::IGpuAllocator* allocator) noexcept override {
    calls.attached += allocator != nullptr ? 1 : 0;
  }
  void detachFromContext() noexcept override { ++calls.detached; }
};

class ScaleV2Ext final : public ExtScale<nvinfer1::IPluginV2Ext> {
 public:
  using ExtScale::ExtScale;
  const char* getPluginType() const noexcept override { return "ScaleV2Ext"; }
  bool supportsFormat(DataType type, nvinfer1::PluginFormat) const noexcept override {
    return type == DataType::kFLOAT;
  }
  void configurePlugin(const Dims* in, int32_t, const Dims*, int32_t, const DataType*, const DataType*,
                       const bool*, const bool*, nvinfer1::PluginFormat, int32_t) noexcept override {
    count_ = volume(in[0]);
  }
  IPluginV2Ext* clone() const noexcept override { return new ScaleV2Ext(*this); }
  ScaleV2Ext(const ScaleV2Ext& other) : ExtScale(other.factor_) { count_ = other.count_; }
};

class ScaleV2IOExt final : public ExtScale<nvinfer1::IPluginV2IOExt> {
 public:
  using ExtScale::ExtScale;
  const char* getPluginType() const noexcept override { return "ScaleV2IOExt"; }
  bool supportsFormatCombination(int32_t at, const PluginTensorDesc* all, int32_t,
                                 int32_t) const noexcept override {
    return all[at].type == DataType::kFLOAT && all[at].format == nvinfer1::PluginFormat::kLINEAR;
  }
  void configurePlugin(const PluginTensorDesc* in, int32_t, const PluginTensorDesc*,
                       int32_t) noexcept override {
    count_ = volume(in[0].dims);
  }
  IPluginV2IOExt* clone() const noexcept override { return new ScaleV2IOExt(*this); }
  ScaleV2IOExt(const ScaleV2IOExt& other) : ExtScale(other.factor_) { count_ = other.count_; }
};

class ScaleV2Dynamic final : public ScaleBase<nvinfer1::IPluginV2DynamicExt> {
 public:
  using ScaleBase::ScaleBase;
  const char* getPluginType() const noexcept override { return "ScaleV2Dynamic"; }
  DataType getOutputDataType(int32_t, const DataType* in, int32_t) const noexcept override { return in[0]; }
  nvinfer1::DimsExprs getOutputDimensions(int32_t, const nvinfer1::DimsExprs* in, int32_t,
                                          nvinfer1::IExprBuilder&) noexcept override {
    return in[0];
  }
  bool supportsFormatCombination(int32_t at, const PluginTensorDesc* all, int32_t,
                                 int32_t) noexcept override {
    return all[at].type == DataType::kFLOAT && all[at].format == nvinfer1::PluginFormat::kLINEAR;
  }
  void configurePlugin(const nvinfer1::DynamicPluginTensorDesc*, int32_t,
                       const nvinfer1::DynamicPluginTensorDesc*, int32_t) noexcept override {}
  size_t getWorkspaceSize(const PluginTensorDesc*, int32_t, const PluginTensorDesc*,
                          int32_t) const noexcept override {
    return 0;
  }
  int32_t enqueue(const PluginTensorDesc* in, const PluginTensorDesc*, const void* const* x, void* const* y,
                  void*, cudaStream_t) noexcept override {
    return scale(x[0], y[0], volume(in[0].dims));
  }
  IPluginV2DynamicExt* clone() const noexcept override { return new ScaleV2Dynamic(factor_); }
};

inline nvinfer1::IPluginV2* make_scale(const std::string& kind, float factor) {
  if (kind == "ScaleV2") return new ScaleV2(factor);
  if (kind == "ScaleV2Ext") return new ScaleV2Ext(factor);
  if (kind == "ScaleV2IOExt") return new ScaleV2IOExt(factor);
  return new ScaleV2Dynamic(factor);
}

class ScaleCreator : public nvinfer1::IPluginCreator {
 public:
  explicit ScaleCreator(const char* kind) : kind_(kind) {}
  const char* getPluginName() const noexcept override { return kind_; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  const nvinfer1::PluginFieldCollection* getFieldNames() noexcept override { return &fields_; }
  nvinfer1::IPluginV2* createPlugin(const char*,
                                    const nvinfer1::PluginFieldCollection* fields) noexcept override {
    for (int32_t i = 0; i < fields->nbFields; ++i)
      if (std::string(fields->fields[i].name) == "factor")
        return make_scale(kind_, *static_cast<const float*>(fields->fields[i].data));
    return nullptr;
  }
  nvinfer1::IPluginV2* deserializePlugin(const char*, const void* data, size_t) noexcept override {
    float factor = 0;
    std::memcpy(&factor, data, sizeof(factor));
    return make_scale(kind_, factor);
  }
  void setPluginNamespace(const char* space) noexcept override { space_ = space; }
  const char* getPluginNamespace() const noexcept override { return space_.c_str(); }

 private:
  const char* kind_;
  std::string space_;
  nvinfer1::PluginField field_{"factor", nullptr, nvinfer1::PluginFieldType::kFLOAT32, 1};
  nvinfer1::PluginFieldCollection fields_{1, &field_};
};

}  // namespace client
