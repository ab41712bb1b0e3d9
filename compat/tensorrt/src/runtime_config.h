// IRuntimeConfig and ISerializationConfig: kept and handed back.
#pragma once

#include "unsupported.h"

#if NV_TENSORRT_MAJOR >= 10
namespace ingot::tensorrt {

class RuntimeConfig final : public nvinfer1::IRuntimeConfig,
                            public Unsupported<nvinfer1::apiv::VRuntimeConfig> {
 public:
  using Strategy = nvinfer1::ExecutionContextAllocationStrategy;
  RuntimeConfig() { mImpl = this; }
  nvinfer1::IRuntimeConfig* getPImpl() noexcept override { return this; }
  void setExecutionContextAllocationStrategy(Strategy strategy) noexcept override { strategy_ = strategy; }
  Strategy getExecutionContextAllocationStrategy() const noexcept override { return strategy_; }

 private:
  Strategy strategy_ = Strategy::kSTATIC;
};

class SerializationConfig final : public nvinfer1::ISerializationConfig,
                                  public Unsupported<nvinfer1::apiv::VSerializationConfig> {
 public:
  using Flag = nvinfer1::SerializationFlag;
  SerializationConfig() { mImpl = this; }
  bool setFlags(uint32_t flags) noexcept override { return flags_ = flags, true; }
  uint32_t getFlags() const noexcept override { return flags_; }
  bool clearFlag(Flag flag) noexcept override { return flags_ &= ~(1U << static_cast<uint32_t>(flag)), true; }
  bool setFlag(Flag flag) noexcept override { return flags_ |= 1U << static_cast<uint32_t>(flag), true; }
  bool getFlag(Flag flag) const noexcept override {
    return (flags_ >> static_cast<uint32_t>(flag) & 1U) != 0;
  }

 private:
  uint32_t flags_ = 0;
};

}  // namespace ingot::tensorrt
#endif
