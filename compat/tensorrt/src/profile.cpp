#include "profile.h"

#include <algorithm>

namespace ingot::tensorrt {

using nvinfer1::Dims;
using nvinfer1::ErrorCode;

bool OptimizationProfile::setDimensions(const char* input, Selector select, DimsArgument dims) noexcept {
  const auto at = static_cast<size_t>(select);
  if (input == nullptr || at >= 3) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               "a profile needs the name of an input, and one of min, opt and max");
    return false;
  }
  if (dims.nbDims < 0 || dims.nbDims > Dims::MAX_DIMS ||
      std::any_of(dims.d, dims.d + dims.nbDims, [](int64_t d) { return d < 0; })) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               std::string("profile of input '") + input + "': dims " + to_string(dims) + " are not sizes");
    return false;
  }
  Range& range = dims_[input];
  range.dims[at] = dims;
  range.given[at] = true;
  return true;
}

Dims OptimizationProfile::getDimensions(const char* input, Selector select) const noexcept {
  const auto it = input == nullptr ? dims_.end() : dims_.find(std::string_view(input));
  const auto at = static_cast<size_t>(select);
  return it == dims_.end() || at >= 3 || !it->second.given[at] ? no_dims() : it->second.dims[at];
}

template <class T>
bool OptimizationProfile::set_values(const char* input, Selector select, const T* values, int32_t count) {
  const auto at = static_cast<size_t>(select);
  if (input == nullptr || at >= 3 || values == nullptr || count < 0) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               "shape values need the name of an input, one of min, opt and max, and values");
    return false;
  }
  Values& kept = values_[input];
  kept.narrow[at].assign(values, values + count);
  kept.wide[at].assign(values, values + count);
  return true;
}

const OptimizationProfile::Values* OptimizationProfile::values(const char* input) const {
  const auto it = input == nullptr ? values_.end() : values_.find(std::string_view(input));
  return it == values_.end() ? nullptr : &it->second;
}

int32_t OptimizationProfile::getNbShapeValues(const char* input) const noexcept {
  const Values* v = values(input);
  return v == nullptr ? -1 : static_cast<int32_t>(v->wide[0].size());
}

#if NV_TENSORRT_MAJOR < 11
bool OptimizationProfile::setShapeValues(const char* input, Selector select, const int32_t* values,
                                         int32_t count) noexcept {
  return set_values(input, select, values, count);
}

const int32_t* OptimizationProfile::getShapeValues(const char* input, Selector select) const noexcept {
  const Values* v = values(input);
  return v == nullptr || static_cast<size_t>(select) >= 3 ? nullptr
                                                          : v->narrow[static_cast<size_t>(select)].data();
}
#endif

#if NV_TENSORRT_MAJOR >= 10
bool OptimizationProfile::setShapeValuesV2(const char* input, Selector select, const int64_t* values,
                                           int32_t count) noexcept {
  return set_values(input, select, values, count);
}

const int64_t* OptimizationProfile::getShapeValuesV2(const char* input, Selector select) const noexcept {
  const Values* v = values(input);
  return v == nullptr || static_cast<size_t>(select) >= 3 ? nullptr
                                                          : v->wide[static_cast<size_t>(select)].data();
}
#endif

bool OptimizationProfile::setExtraMemoryTarget(float target) noexcept {
  if (!(target >= 0 && target <= 1)) return false;
  extra_memory_ = target;
  return true;
}

bool OptimizationProfile::isValid() const noexcept {
  for (const auto& [name, range] : dims_) {
    const auto& [min, opt, max] = range.dims;
    if (!(range.given[0] && range.given[1] && range.given[2])) return false;
    if (min.nbDims != opt.nbDims || opt.nbDims != max.nbDims) return false;
    for (int32_t i = 0; i < opt.nbDims; ++i)
      if (min.d[i] > opt.d[i] || opt.d[i] > max.d[i]) return false;
  }
  return true;
}

std::map<std::string, EngineNotes::ShapeValues> OptimizationProfile::shape_values() const {
  std::map<std::string, EngineNotes::ShapeValues> out;
  for (const auto& [name, values] : values_) out[name] = values.wide;
  return out;
}

Profile OptimizationProfile::ranges() const {
  Profile out;
  for (const auto& [name, range] : dims_)
    out[name] = {to_vector(range.dims[0]), to_vector(range.dims[1]), to_vector(range.dims[2])};
  return out;
}

}  // namespace ingot::tensorrt
