// ITimingCache: the bytes of Ingot's timing cache file.
#pragma once

#include <string>

#include "log.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class TimingCache final : public nvinfer1::ITimingCache, public Unsupported<nvinfer1::apiv::VTimingCache> {
 public:
  TimingCache(const Log& log, std::string text) : log_(log), text_(std::move(text)) { mImpl = this; }

  nvinfer1::IHostMemory* serialize() const noexcept override;
  bool combine(const nvinfer1::ITimingCache& other, bool ignore_mismatch) noexcept override;
  bool reset() noexcept override;

  const std::string& text() const { return text_; }
  void set_text(std::string text) { text_ = std::move(text); }

 private:
  Log log_;
  std::string text_;
};

}  // namespace ingot::tensorrt
