// Memory: blocks from the heap, known by address so that wrong pointers are told from right ones.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "cudart.h"

namespace ingot::cudart {
namespace {

constexpr size_t kAlignment = 256;  // what CUDA promises

/// As cudaPointerAttributes counts them.
enum class Kind : int { kUnregistered = 0, kHost = 1, kDevice = 2, kManaged = 3 };

struct Block {
  size_t size;
  Kind kind;
  bool owned;  // registered memory belongs to the program
};

class Blocks {
 public:
  Error allocate(void** out, size_t size, Kind kind) {
    if (out == nullptr) return kInvalidValue;
    *out = nullptr;
    if (size == 0) return kSuccess;
    if (size > total_memory()) return kMemoryAllocation;
    void* data = std::aligned_alloc(kAlignment, (size + kAlignment - 1) / kAlignment * kAlignment);
    if (data == nullptr) return kMemoryAllocation;
    return add(*out = data, {size, kind, true}) ? kSuccess : kMemoryAllocation;
  }

  bool add(void* data, Block block) {
    const std::lock_guard lock(mutex_);
    return blocks_.emplace(reinterpret_cast<uintptr_t>(data), block).second;
  }

  // Null is freed by doing nothing.
  Error release(void* data, bool host, bool owned = true) {
    if (data == nullptr) return kSuccess;
    {
      const std::lock_guard lock(mutex_);
      const auto it = blocks_.find(reinterpret_cast<uintptr_t>(data));
      if (it == blocks_.end() || it->second.owned != owned || (it->second.kind == Kind::kHost) != host)
        return owned ? kInvalidValue : kHostMemoryNotRegistered;
      blocks_.erase(it);
    }
    if (owned) std::free(data);
    return kSuccess;
  }

  Kind kind(const void* data) {
    const auto address = reinterpret_cast<uintptr_t>(data);
    const std::lock_guard lock(mutex_);
    auto it = blocks_.upper_bound(address);
    if (it == blocks_.begin()) return Kind::kUnregistered;
    --it;
    return address < it->first + it->second.size ? it->second.kind : Kind::kUnregistered;
  }

 private:
  std::mutex mutex_;
  std::map<uintptr_t, Block> blocks_;
};

// Never destroyed: programs free memory in destructors that run at exit.
Blocks& blocks() {
  static auto* all = new Blocks;
  return *all;
}

Error copy(void* to, const void* from, size_t size, int direction) {
  constexpr int kDefault = 4;
  if (direction < 0 || direction > kDefault) return kInvalidMemcpyDirection;
  if (size == 0) return kSuccess;
  if (to == nullptr || from == nullptr) return kInvalidValue;
  std::memmove(to, from, size);
  return kSuccess;
}

Error copy_2d(char* to, size_t to_pitch, const char* from, size_t from_pitch, size_t width, size_t height,
              int direction) {
  if (width > to_pitch || width > from_pitch) return kInvalidValue;
  Error error = kSuccess;
  for (size_t row = 0; row < height && error == kSuccess; ++row)
    error = copy(to + row * to_pitch, from + row * from_pitch, width, direction);
  return error;
}

Error fill(void* to, int value, size_t size) {
  if (to == nullptr && size > 0) return kInvalidValue;
  if (size > 0) std::memset(to, value, size);
  return kSuccess;
}

}  // namespace

INGOT_CUDA_API int cudaMalloc(void** out, size_t size) {
  return keep(blocks().allocate(out, size, Kind::kDevice));
}
INGOT_CUDA_API int cudaMallocAsync(void** out, size_t size, Stream*) { return cudaMalloc(out, size); }
INGOT_CUDA_API int cudaMallocManaged(void** out, size_t size, unsigned) {
  return keep(blocks().allocate(out, size, Kind::kManaged));
}
INGOT_CUDA_API int cudaMallocHost(void** out, size_t size) {
  return keep(blocks().allocate(out, size, Kind::kHost));
}
INGOT_CUDA_API int cudaHostAlloc(void** out, size_t size, unsigned) { return cudaMallocHost(out, size); }
INGOT_CUDA_API int cudaFree(void* data) { return keep(blocks().release(data, false)); }
INGOT_CUDA_API int cudaFreeAsync(void* data, Stream*) { return cudaFree(data); }
INGOT_CUDA_API int cudaFreeHost(void* data) { return keep(blocks().release(data, true)); }

INGOT_CUDA_API int cudaHostRegister(void* data, size_t size, unsigned) {
  if (data == nullptr || size == 0) return keep(kInvalidValue);
  return keep(blocks().add(data, {size, Kind::kHost, false}) ? kSuccess : kHostMemoryAlreadyRegistered);
}
INGOT_CUDA_API int cudaHostUnregister(void* data) {
  return keep(data == nullptr ? kInvalidValue : blocks().release(data, true, false));
}
INGOT_CUDA_API int cudaHostGetDevicePointer(void** out, void* data, unsigned) {
  if (out == nullptr || blocks().kind(data) != Kind::kHost) return keep(kInvalidValue);
  *out = data;
  return kSuccess;
}

struct PointerAttributes {
  int type, device;
  void *device_pointer, *host_pointer;
};
INGOT_CUDA_API int cudaPointerGetAttributes(PointerAttributes* out, const void* data) {
  if (out == nullptr) return keep(kInvalidValue);
  auto* address = const_cast<void*>(data);
  const Kind kind = blocks().kind(data);
  const bool known = kind != Kind::kUnregistered;
  *out = {static_cast<int>(kind), known ? 0 : -2, known ? address : nullptr,
          kind == Kind::kDevice ? nullptr : address};
  return kSuccess;
}

INGOT_CUDA_API int cudaMemcpy(void* to, const void* from, size_t size, int direction) {
  return keep(copy(to, from, size, direction));
}
INGOT_CUDA_API int cudaMemcpyAsync(void* to, const void* from, size_t size, int direction, Stream*) {
  return keep(copy(to, from, size, direction));
}
INGOT_CUDA_API int cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                                size_t height, int direction) {
  return keep(copy_2d(static_cast<char*>(to), to_pitch, static_cast<const char*>(from), from_pitch, width,
                      height, direction));
}
INGOT_CUDA_API int cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                                     size_t width, size_t height, int direction, Stream*) {
  return cudaMemcpy2D(to, to_pitch, from, from_pitch, width, height, direction);
}
INGOT_CUDA_API int cudaMemset(void* to, int value, size_t size) { return keep(fill(to, value, size)); }
INGOT_CUDA_API int cudaMemsetAsync(void* to, int value, size_t size, Stream*) {
  return keep(fill(to, value, size));
}
INGOT_CUDA_API int cudaMemGetInfo(size_t* free, size_t* total) {
  if (free == nullptr || total == nullptr) return keep(kInvalidValue);
  *total = total_memory();
  *free = std::min(free_memory(), *total);
  return kSuccess;
}

}  // namespace ingot::cudart
