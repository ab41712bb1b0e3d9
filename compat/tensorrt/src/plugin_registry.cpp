#include "plugin_registry.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>

#include "plugin/plugin.h"

namespace ingot::tensorrt {
namespace {

using Creator = PluginRegistry::Creator;

const char* text(const char* s) { return s == nullptr ? "" : s; }

bool is_v2(const Creator& creator) { return PluginRegistry::generation(creator) == "V2"; }

// Name and version stand in each generation's own class.
std::pair<const char*, const char*> identity(const Creator& creator) {
#if NV_TENSORRT_MAJOR >= 10
  const std::string_view generation = PluginRegistry::generation(creator);
  if (generation == "V3") {
    const auto& v3 = static_cast<const nvinfer1::IPluginCreatorV3One&>(creator);
    return {v3.getPluginName(), v3.getPluginVersion()};
  }
  if (generation == "quick") {
    const auto& quick = static_cast<const nvinfer1::IPluginCreatorV3Quick&>(creator);
    return {quick.getPluginName(), quick.getPluginVersion()};
  }
#endif
  const auto& v2 = static_cast<const nvinfer1::IPluginCreator&>(creator);
  return {v2.getPluginName(), v2.getPluginVersion()};
}

}  // namespace

std::string_view PluginRegistry::generation([[maybe_unused]] const Creator& creator) {
#if NV_TENSORRT_MAJOR >= 10
  const std::string_view kind = text(creator.getInterfaceInfo().kind);
  if (kind == "PLUGIN CREATOR_V3ONE") return "V3";
  if (kind == "PLUGIN CREATOR_V3QUICK") return "quick";
#endif
  return "V2";
}

PluginRegistry& PluginRegistry::global() {
  static PluginRegistry registry;
  return registry;
}

// So that plugin libraries find the logger of the program.
class LoggerFinder final : public nvinfer1::ILoggerFinder {
 public:
  nvinfer1::ILogger* findLogger() override { return last_logger(); }
};

bool PluginRegistry::add(Creator& creator, const char* space) {
  const auto [name, version] = identity(creator);
  if (is_v2(creator)) static_cast<nvinfer1::IPluginCreator&>(creator).setPluginNamespace(text(space));
  if (find(name, version, space) != nullptr) {
    log_.warning(std::string("plugin creator '") + text(name) + "' version " + text(version) +
                 " is registered already");
    return false;
  }
  const std::lock_guard lock(mutex_);
  entries_.push_back({&creator, text(name), text(version), text(space), loading_});
  refresh();
  return true;
}

Creator* PluginRegistry::find(const char* name, const char* version, const char* space) const {
  const std::lock_guard lock(mutex_);
  for (const Entry& e : entries_)
    if (e.name == text(name) && e.version == text(version) && e.space == text(space)) return e.creator;
  return nullptr;
}

std::string PluginRegistry::missing(const std::string& name, const std::string& version,
                                    const std::string& space) const {
  const std::lock_guard lock(mutex_);
  std::string out =
      "no plugin '" + name + "' version '" + version + "' namespace '" + space + "' is registered";
  for (size_t i = 0; i < entries_.size(); ++i)
    out += (i == 0 ? "; registered: " : ", ") + entries_[i].name + " " + entries_[i].version;
  out += "; libraries searched: ";
  if (libraries_.empty()) out += "none was loaded";
  for (size_t i = 0; i < libraries_.size(); ++i) out += (i == 0 ? "" : ", ") + libraries_[i];
  return out;
}

bool PluginRegistry::remove(const void* creator) {
  const std::lock_guard lock(mutex_);
  const auto it =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.creator == creator; });
  if (it == entries_.end()) return false;
  entries_.erase(it);
  refresh();
  return true;
}

void PluginRegistry::refresh() {
  all_.clear();
  for (const Entry& e : entries_) all_.push_back(e.creator);
#if NV_TENSORRT_MAJOR == 10
  old_.clear();
  for (const Entry& e : entries_)
    if (is_v2(*e.creator)) old_.push_back(static_cast<nvinfer1::IPluginCreator*>(e.creator));
#endif
}

#if NV_TENSORRT_MAJOR < 11
bool PluginRegistry::registerCreator(nvinfer1::IPluginCreator& creator, const char* const space) noexcept {
  return add(creator, space);
}

nvinfer1::IPluginCreator* const* PluginRegistry::getPluginCreatorList(int32_t* const count) const noexcept {
#if NV_TENSORRT_MAJOR == 10
  const auto& list = old_;
#else
  const auto& list = all_;
#endif
  if (count != nullptr) *count = static_cast<int32_t>(list.size());
  return list.data();
}

nvinfer1::IPluginCreator* PluginRegistry::getPluginCreator(const char* const name, const char* const version,
                                                           const char* const space) noexcept {
  Creator* creator = find(name, version, space);
#if NV_TENSORRT_MAJOR == 10
  if (creator != nullptr && !is_v2(*creator)) return nullptr;
#endif
  return static_cast<nvinfer1::IPluginCreator*>(creator);
}

bool PluginRegistry::deregisterCreator(const nvinfer1::IPluginCreator& creator) noexcept {
  return remove(&creator);
}
#endif

#if NV_TENSORRT_MAJOR >= 10
bool PluginRegistry::registerCreator(Creator& creator, const char* const space) noexcept {
  return add(creator, space);
}

Creator* const* PluginRegistry::getAllCreators(int32_t* const count) const noexcept {
  if (count != nullptr) *count = static_cast<int32_t>(all_.size());
  return all_.data();
}

Creator* PluginRegistry::getCreator(const char* const name, const char* const version,
                                    const char* const space) noexcept {
  return find(name, version, space);
}

bool PluginRegistry::deregisterCreator(const Creator& creator) noexcept { return remove(&creator); }

nvinfer1::IPluginResource* PluginRegistry::acquirePluginResource(
    const char* key, nvinfer1::IPluginResource* resource) noexcept {
  const std::lock_guard lock(mutex_);
  auto it = resources_.find(text(key));
  if (it == resources_.end()) {
    nvinfer1::IPluginResource* own = resource == nullptr ? nullptr : resource->clone();
    if (own == nullptr) return nullptr;
    it = resources_.emplace(text(key), Shared{own, 0}).first;
  }
  ++it->second.users;
  return it->second.resource;
}

int32_t PluginRegistry::releasePluginResource(const char* key) noexcept {
  const std::lock_guard lock(mutex_);
  const auto it = resources_.find(text(key));
  if (it == resources_.end()) return -1;
  if (--it->second.users > 0) return 0;
  const int32_t code = it->second.resource->release();
  resources_.erase(it);
  return code;
}
#endif

void* PluginRegistry::loadLibrary(const char* path) noexcept {
  // Static registrars of the library run within dlopen, so they need to know whose they are beforehand: the
  // handle of a library that is loaded is not known before, so what was added meanwhile is marked afterwards.
  if (path == nullptr) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "loadLibrary: the path is null");
    return nullptr;
  }
  const std::lock_guard loading(load_mutex_);
  size_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    libraries_.emplace_back(path);
    before = entries_.size();
  }
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT, std::string("plugin library: ") + text(dlerror()));
    return nullptr;
  }
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = before; i < entries_.size(); ++i) entries_[i].library = library;
  }
  loading_ = library;
  using SetLoggerFinder = void (*)(nvinfer1::ILoggerFinder*);
  static LoggerFinder finder;
  if (auto set = reinterpret_cast<SetLoggerFinder>(dlsym(library, "setLoggerFinder"))) set(&finder);
#if NV_TENSORRT_MAJOR >= 10
  using GetCreators = Creator* const* (*)(int32_t&);
  if (auto get = reinterpret_cast<GetCreators>(dlsym(library, "getCreators"))) {
    int32_t count = 0;
    Creator* const* creators = get(count);
    for (int32_t i = 0; creators != nullptr && i < count; ++i)
      if (creators[i] != nullptr) add(*creators[i], "");
  }
#endif
  using GetOldCreators = nvinfer1::IPluginCreator* const* (*)(int32_t&);
  if (auto get = reinterpret_cast<GetOldCreators>(dlsym(library, "getPluginCreators"))) {
    int32_t count = 0;
    nvinfer1::IPluginCreator* const* creators = get(count);
    for (int32_t i = 0; creators != nullptr && i < count; ++i)
      if (creators[i] != nullptr) add(*creators[i], "");
  }
  loading_ = nullptr;
  return library;
}

void PluginRegistry::deregisterLibrary(void* handle) noexcept {
  if (handle == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const Entry& e) {
      if (e.library == handle) forget_plugins(e.name);
      return e.library == handle;
    });
    refresh();
  }
  dlclose(handle);
}

}  // namespace ingot::tensorrt
