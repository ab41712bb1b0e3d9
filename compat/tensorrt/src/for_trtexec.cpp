// For trtexec, which runs on Ingot itself, not on this interface: plugins in its models and engines.
#include <dlfcn.h>

#include "parser.h"
#include "plugin/builtin.h"
#include "plugin/plugin.h"
#include "plugin_registry.h"

using namespace ingot::tensorrt;

/// Registers the plugins that come with the library, and those of another one. False: it cannot be loaded,
/// and dlerror() says why.
extern "C" TENSORRTAPI bool ingot_load_plugins(const char* library) noexcept {
  register_plugin_op();
  register_builtins("");
  if (library == nullptr) return true;
  void* loaded = PluginRegistry::global().loadLibrary(library);
  return loaded != nullptr || dlopen(library, RTLD_NOW | RTLD_LOCAL) != nullptr;
}

/// Has the import of a model look among the plugins for nodes that are no operators.
extern "C" TENSORRTAPI void ingot_look_up_plugins(ingot::ImportHelp& help) noexcept {
  help.unknown = plugin_for;
}
