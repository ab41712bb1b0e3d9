// The allocator that plugins are given: the host's memory.
#include <cstdlib>

#include "device.h"
#include "plugin/plugin.h"

namespace ingot::tensorrt {
namespace {

class HostAllocator final : public nvinfer1::IGpuAllocator {
 public:
  void* allocate(uint64_t size, uint64_t alignment, uint32_t) noexcept override {
    const uint64_t unit = alignment < sizeof(void*) ? sizeof(void*) : alignment;
    return size == 0 ? nullptr : std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
  }
#if NV_TENSORRT_MAJOR == 8
  void free(void* memory) noexcept override { std::free(memory); }
#else
  bool deallocate(void* memory) noexcept override { return std::free(memory), true; }
#endif
};

}  // namespace

nvinfer1::IGpuAllocator* plugin_allocator() {
  static HostAllocator allocator;
  return device() == "cpu" ? &allocator : nullptr;
}

}  // namespace ingot::tensorrt
