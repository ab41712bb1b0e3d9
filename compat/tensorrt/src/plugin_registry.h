// IPluginRegistry: creators of plugins by name, version and namespace, and the shared libraries that bring
// them.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "log.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class PluginRegistry final : public Unsupported<nvinfer1::IPluginRegistry> {
 public:
  /// The process's one; libraries register in it when they are loaded.
  static PluginRegistry& global();

#if NV_TENSORRT_MAJOR >= 10
  using Creator = nvinfer1::IPluginCreatorInterface;
#else
  using Creator = nvinfer1::IPluginCreator;
#endif

#if NV_TENSORRT_MAJOR < 11
  bool registerCreator(nvinfer1::IPluginCreator& creator, const char* const space) noexcept override;
  nvinfer1::IPluginCreator* const* getPluginCreatorList(int32_t* const count) const noexcept override;
  nvinfer1::IPluginCreator* getPluginCreator(const char* const name, const char* const version,
                                             const char* const space) noexcept override;
  bool deregisterCreator(const nvinfer1::IPluginCreator& creator) noexcept override;
#endif
#if NV_TENSORRT_MAJOR >= 10
  bool registerCreator(Creator& creator, const char* const space) noexcept override;
  Creator* const* getAllCreators(int32_t* const count) const noexcept override;
  Creator* const* getAllCreatorsRecursive(int32_t* const count) noexcept override {
    return getAllCreators(count);
  }
  Creator* getCreator(const char* const name, const char* const version,
                      const char* const space) noexcept override;
  bool deregisterCreator(const Creator& creator) noexcept override;
  /// The resource under that key, kept as a clone of the one that came first until all who took it gave it
  /// back.
  nvinfer1::IPluginResource* acquirePluginResource(const char* key,
                                                   nvinfer1::IPluginResource* resource) noexcept override;
  int32_t releasePluginResource(const char* key) noexcept override;
#endif
  void setErrorRecorder(nvinfer1::IErrorRecorder* const recorder) noexcept override {
    log_.set_recorder(recorder);
  }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  bool isParentSearchEnabled() const noexcept override { return search_parent_; }
  void setParentSearchEnabled(const bool on) noexcept override { search_parent_ = on; }
  /// "V2", "V3", or "quick" for those of functions that Python decorates.
  static std::string_view generation(const Creator& creator);
  /// The creator of that name; null: there is none.
  Creator* lookup(const std::string& name, const std::string& version, const std::string& space) const {
    return find(name.c_str(), version.c_str(), space.c_str());
  }
  /// What to say when there is none: what there is, and the libraries that were searched.
  std::string missing(const std::string& name, const std::string& version, const std::string& space) const;
  void* loadLibrary(const char* path) noexcept override;
  void deregisterLibrary(void* handle) noexcept override;

 private:
  struct Entry {
    Creator* creator;
    std::string name, version, space;
    void* library;  // that registered it; null: the program itself
  };
  bool add(Creator& creator, const char* space);
  Creator* find(const char* name, const char* version, const char* space) const;
  bool remove(const void* creator);
  void refresh();

  mutable std::mutex mutex_;
  std::mutex load_mutex_;  // one library at a time: what registers meanwhile is taken for its own
  Log log_;
  std::vector<Entry> entries_;
  std::vector<Creator*> all_;
  std::vector<std::string> libraries_;  // paths
#if NV_TENSORRT_MAJOR >= 10
  struct Shared {
    nvinfer1::IPluginResource* resource;
    int64_t users;
  };
  std::map<std::string, Shared> resources_;
#endif
#if NV_TENSORRT_MAJOR == 10
  std::vector<nvinfer1::IPluginCreator*> old_;  // those of V2 plugins
#endif
  void* loading_ = nullptr;
  bool search_parent_ = true;
};

}  // namespace ingot::tensorrt
