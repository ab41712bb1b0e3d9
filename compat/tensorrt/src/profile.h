// IOptimizationProfile: the ranges of dims (and of values of shape tensors) that one plan is made for.
#pragma once

#include <array>
#include <map>
#include <string>

#include "convert.h"
#include "engine_notes.h"
#include "ingot/engine.h"
#include "log.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class OptimizationProfile final : public nvinfer1::IOptimizationProfile,
                                  public Unsupported<nvinfer1::apiv::VOptimizationProfile> {
 public:
  using Selector = nvinfer1::OptProfileSelector;

  explicit OptimizationProfile(const Log& log) : log_(log) { mImpl = this; }

  bool setDimensions(const char* input, Selector select, DimsArgument dims) noexcept override;
  nvinfer1::Dims getDimensions(const char* input, Selector select) const noexcept override;
  int32_t getNbShapeValues(const char* input) const noexcept override;
#if NV_TENSORRT_MAJOR < 11
  bool setShapeValues(const char* input, Selector select, const int32_t* values,
                      int32_t count) noexcept override;
  const int32_t* getShapeValues(const char* input, Selector select) const noexcept override;
#endif
#if NV_TENSORRT_MAJOR >= 10
  bool setShapeValuesV2(const char* input, Selector select, const int64_t* values,
                        int32_t count) noexcept override;
  const int64_t* getShapeValuesV2(const char* input, Selector select) const noexcept override;
#endif
  bool setExtraMemoryTarget(float target) noexcept override;
  float getExtraMemoryTarget() const noexcept override { return extra_memory_; }
  bool isValid() const noexcept override;

  /// The ranges of dims, for Ingot's builder.
  Profile ranges() const;
  /// The contents of shape tensors.
  std::map<std::string, EngineNotes::ShapeValues> shape_values() const;

 private:
  struct Range {
    std::array<nvinfer1::Dims, 3> dims{};
    std::array<bool, 3> given{};
  };
  struct Values {
    std::array<std::vector<int64_t>, 3> wide;
    std::array<std::vector<int32_t>, 3> narrow;  // the same, as 8 and 10 hand them out
  };
  template <class T>
  bool set_values(const char* input, Selector select, const T* values, int32_t count);
  const Values* values(const char* input) const;

  std::map<std::string, Range, std::less<>> dims_;
  std::map<std::string, Values, std::less<>> values_;
  float extra_memory_ = 1;
  Log log_;
};

}  // namespace ingot::tensorrt
