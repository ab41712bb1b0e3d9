#include "plugins.h"

#include <dlfcn.h>

#include <filesystem>

#include "log.h"
#include "version.h"

namespace ingot::trtexec {
namespace {

// The library beside this program in which plugins register: the one of the version that is shown.
void* nvinfer() {
  const auto bin = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string name = fmt::format("tensorrt-{0}/libnvinfer.so.{0}", version().major);
  void* library = dlopen((bin.parent_path() / "lib" / name).c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) throw Error(fmt::format("plugins need TensorRT's library: {}", dlerror()));
  return library;
}

template <class F>
F* function(void* library, const char* name) {
  return reinterpret_cast<F*>(dlsym(library, name));
}

}  // namespace

void load_plugins(const Options& options, ImportHelp& help) {
  void* library = nvinfer();
  auto* load = function<bool(const char*)>(library, "ingot_load_plugins");
  auto* look_up = function<void(ImportHelp&)>(library, "ingot_look_up_plugins");
  if (load == nullptr || look_up == nullptr) throw Error("plugins need Ingot's own libnvinfer");
  load(nullptr);
  for (const char* flag : {"--staticPlugins", "--dynamicPlugins", "--setPluginsToSerialize"})
    for (const std::string& path : options.all(flag)) {
      info("Loading supplied plugin library: {}", path);
      if (!load(path.c_str())) throw Error(fmt::format("{}={}: {}", flag, path, dlerror()));
    }
  look_up(help);
}

}  // namespace ingot::trtexec
