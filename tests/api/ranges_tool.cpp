// The least that a profiler does to see NVTX ranges: it keeps what is pushed and popped as text.
#include <cstdint>
#include <string>

namespace {
using Slot = void (*)();
struct Callbacks {
  size_t bytes;
  int (*module_table)(int module, Slot*** table, unsigned* size);
};
std::string log;

int push(const char* name) {
  log += std::string(name) + "(";
  return 0;
}
int pop() {
  log += ")";
  return 0;
}
}  // namespace

extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(
    const void* (*table)(uint32_t)) {
  const auto* callbacks = static_cast<const Callbacks*>(table(1));
  Slot** core = nullptr;
  unsigned size = 0;
  if (callbacks == nullptr || callbacks->module_table(1, &core, &size) == 0 || size < 12) return 0;
  *core[9] = reinterpret_cast<Slot>(push);
  *core[11] = reinterpret_cast<Slot>(pop);
  return 1;
}

extern "C" __attribute__((visibility("default"))) const char* ranges_seen() { return log.c_str(); }
