#include "runtime/ranges.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace ingot {
namespace {

// A profiler's library is handed tables of slots, one table a module, and writes its functions into the slots
// of the calls that it wants. Modules and calls have fixed numbers; 0 is no call.
using Slot = void (*)();

enum Module { kCore = 1, kCore2 = 5, kModules = 7 };
enum Call { kRangePushA = 9, kRangePop = 11, kCalls = 16 };

Slot slots[kModules][kCalls];
Slot* tables[kModules][kCalls + 1];

int module_table(int module, Slot*** table, unsigned* size) {
  if (module != kCore && module != kCore2) return 0;
  for (int i = 1; i < kCalls; ++i) tables[module][i] = &slots[module][i];
  if (table != nullptr) *table = tables[module];
  if (size != nullptr) *size = kCalls;
  return 1;
}

struct Callbacks {
  size_t bytes = sizeof(Callbacks);
  int (*module_table)(int, Slot***, unsigned*) = ingot::module_table;
};

struct Version {
  size_t bytes = sizeof(Version);
  uint32_t version = 3, reserved = 0;
  void (*set_tool_version)(uint32_t) = [](uint32_t) {};
};

const void* export_table(uint32_t number) {
  static const Callbacks callbacks;
  static const Version version;
  return number == 1 ? static_cast<const void*>(&callbacks) : number == 3 ? &version : nullptr;
}

struct Profiler {
  int (*push)(const char*) = nullptr;
  int (*pop)() = nullptr;

  Profiler() {
    const char* path = std::getenv("NVTX_INJECTION64_PATH");
    void* library = path == nullptr ? nullptr : ::dlopen(path, RTLD_LAZY);
    void* found = library == nullptr ? nullptr : ::dlsym(library, "InitializeInjectionNvtx2");
    if (found == nullptr || reinterpret_cast<int (*)(decltype(&export_table))>(found)(export_table) == 0)
      return;
    push = reinterpret_cast<decltype(push)>(slots[kCore][kRangePushA]);
    pop = reinterpret_cast<decltype(pop)>(slots[kCore][kRangePop]);
    if (push == nullptr || pop == nullptr) push = nullptr, pop = nullptr;
  }
};

const Profiler& profiler() {
  static const Profiler one;
  return one;
}

}  // namespace

Range::Range(const char* name) {
  if (const Profiler& p = profiler(); p.push != nullptr) p.push(name);
}

Range::~Range() {
  if (const Profiler& p = profiler(); p.pop != nullptr) p.pop();
}

}  // namespace ingot
