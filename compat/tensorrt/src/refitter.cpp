#include "refitter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ingot::tensorrt {

using nvinfer1::ErrorCode;

namespace {

// As many names as fit; gives how many there are.
template <class List, class Put>
int32_t list_all(const List& list, int32_t capacity, Put put) {
  int32_t count = 0;
  for (const auto& item : list) {
    if (count < capacity) put(count, item);
    ++count;
  }
  return count;
}

}  // namespace

Refitter::Refitter(CudaEngine& engine, nvinfer1::ILogger* logger)
    : engine_(engine), log_(logger), ranges_(engine.notes().ranges.begin(), engine.notes().ranges.end()) {
  mImpl = this;
  const auto known = engine_.engine().weights();
  if (!log_.check(known.status())) return;
  std::map<std::string, const TensorInfo*> by_name;
  for (const TensorInfo& w : *known) by_name[w.name] = &w;
  for (const EngineNotes::Weights& w : engine_.notes().weights) {
    const auto it = by_name.find(w.constant);
    if (it == by_name.end()) continue;  // nothing depends on them
    int64_t count = 1;
    for (int64_t d : to_vector(to_dims(it->second->dims))) count *= d;
    entries_.push_back({w, *it->second, count});
  }
}

const Refitter::Entry* Refitter::find(const char* name) const {
  for (const Entry& e : entries_)
    if (name != nullptr && !e.notes.name.empty() && e.notes.name == name) return &e;
  log_.error(ErrorCode::kINVALID_ARGUMENT,
             std::string("refitter: the engine has no weights '") + (name == nullptr ? "" : name) + "'");
  return nullptr;
}

bool Refitter::give_named(const char* name, const Weights& weights, nvinfer1::TensorLocation location) {
  if (find(name) == nullptr) return false;
  for (Entry& e : entries_)
    if (e.notes.name == name && !give(e, weights, location)) return false;
  return true;
}

bool Refitter::give(Entry& entry, const Weights& weights, nvinfer1::TensorLocation location) {
  const std::string what = "refitter: weights of layer '" + entry.notes.layer + "'";
  const auto wrong = [&](const std::string& why) {
    log_.error(ErrorCode::kINVALID_ARGUMENT, what + ": " + why);
    return false;
  };
  if (weights.values == nullptr) return wrong("there are no values");
  if (weights.count != entry.count)
    return wrong("got " + std::to_string(weights.count) + " values, expected " + std::to_string(entry.count));
  if (to_ingot(weights.type) != entry.info.dtype)
    return wrong("got type " + std::string(data_type_name(to_ingot(weights.type))) + ", expected " +
                 std::string(data_type_name(entry.info.dtype)));
  if (validate_ && entry.info.dtype == DataType::kF32 && location == nvinfer1::TensorLocation::kHOST)
    for (int64_t i = 0; i < weights.count; ++i)
      if (!std::isfinite(static_cast<const float*>(weights.values)[i]))
        return wrong("value " + std::to_string(i) + " is not finite");
  entry.given = weights;
  entry.location = location;
  return true;
}

bool Refitter::setWeights(const char* layer, Role role, const Weights weights) noexcept {
  for (Entry& e : entries_)
    if (layer != nullptr && e.notes.layer == layer && e.notes.role == static_cast<int32_t>(role))
      return give(e, weights, nvinfer1::TensorLocation::kHOST);
  log_.error(ErrorCode::kINVALID_ARGUMENT, std::string("refitter: layer '") +
                                               (layer == nullptr ? "" : layer) + "' has no weights of role " +
                                               std::to_string(static_cast<int>(role)));
  return false;
}

bool Refitter::setNamedWeights(const char* name, Weights weights) noexcept {
  return give_named(name, weights, nvinfer1::TensorLocation::kHOST);
}

bool Refitter::refitCudaEngine() noexcept {
  return log_.guard("refitCudaEngine", [&] {
    std::map<std::string, TensorRef> weights;
    for (const Entry& e : entries_)
      if (e.given.count > 0 || e.given.values != nullptr)
        weights[e.notes.constant] = {e.info.dtype, to_vector(to_dims(e.info.dims)),
                                     const_cast<void*>(e.given.values)};
    if (entries_.empty() && !engine_.isRefittable()) return false;  // the reason was told
    if (!log_.check(engine_.refit(weights))) return false;
    for (Entry& e : entries_) e.given = {};
    return true;
  });
}

int32_t Refitter::getAll(int32_t capacity, const char** layers, Role* roles) noexcept {
  return list_all(entries_, capacity, [&](int32_t i, const Entry& e) {
    if (layers != nullptr) layers[i] = e.notes.layer.c_str();
    if (roles != nullptr) roles[i] = static_cast<Role>(e.notes.role);
  });
}

int32_t Refitter::getAllWeights(int32_t capacity, const char** names) noexcept {
  std::vector<const std::string*> all;
  for (const Entry& e : entries_)
    if (!e.notes.name.empty() &&
        std::none_of(all.begin(), all.end(), [&](const auto* name) { return *name == e.notes.name; }))
      all.push_back(&e.notes.name);
  return list_all(all, capacity, [&](int32_t i, const std::string* name) {
    if (names != nullptr) names[i] = name->c_str();
  });
}

bool Refitter::setMaxThreads(int32_t threads) noexcept {
  if (threads < 1) return false;
  max_threads_ = threads;
  return true;
}

#if NV_TENSORRT_MAJOR < 11
bool Refitter::setDynamicRange(const char* tensor, float min, float max) noexcept {
  const auto it = tensor == nullptr ? ranges_.end() : ranges_.find(std::string_view(tensor));
  if (it == ranges_.end() || !(min <= max)) {
    log_.error(ErrorCode::kINVALID_ARGUMENT, std::string("refitter: tensor '") +
                                                 (tensor == nullptr ? "" : tensor) +
                                                 "' has no dynamic range, or min <= max does not hold");
    return false;
  }
  it->second = {min, max};
  return true;
}

float Refitter::getDynamicRangeMin(const char* tensor) const noexcept {
  const auto it = tensor == nullptr ? ranges_.end() : ranges_.find(std::string_view(tensor));
  return it == ranges_.end() ? -1 : it->second.first;
}

float Refitter::getDynamicRangeMax(const char* tensor) const noexcept {
  const auto it = tensor == nullptr ? ranges_.end() : ranges_.find(std::string_view(tensor));
  return it == ranges_.end() ? -1 : it->second.second;
}

int32_t Refitter::getTensorsWithDynamicRange(int32_t capacity, const char** tensors) const noexcept {
  return list_all(ranges_, capacity, [&](int32_t i, const auto& range) {
    if (tensors != nullptr) tensors[i] = range.first.c_str();
  });
}
#endif

#if NV_TENSORRT_MAJOR >= 10
bool Refitter::setNamedWeightsWithLocation(const char* name, Weights weights,
                                           nvinfer1::TensorLocation location) noexcept {
  return give_named(name, weights, location);
}

Refitter::Weights Refitter::getNamedWeights(const char* name) const noexcept {
  const Entry* e = find(name);
  return e == nullptr ? Weights{} : e->given;
}

nvinfer1::TensorLocation Refitter::getWeightsLocation(const char* name) const noexcept {
  const Entry* e = find(name);
  return e == nullptr ? nvinfer1::TensorLocation::kHOST : e->location;
}

bool Refitter::unsetNamedWeights(const char* name) noexcept {
  bool was_set = false;
  for (Entry& e : entries_)
    if (name != nullptr && e.notes.name == name) was_set |= std::exchange(e.given, {}).values != nullptr;
  return was_set;
}

Refitter::Weights Refitter::getWeightsPrototype(const char* name) const noexcept {
  const Entry* e = find(name);
  return e == nullptr ? Weights{nvinfer1::DataType::kFLOAT, nullptr, -1}
                      : Weights{to_tensorrt(e->info.dtype), nullptr, e->count};
}
#endif

}  // namespace ingot::tensorrt
