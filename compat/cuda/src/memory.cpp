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

struct Block {
  size_t size;
  cudaMemoryType kind;
  bool owned;  // registered memory belongs to the program
};

class Blocks {
 public:
  cudaError_t allocate(void** out, size_t size, cudaMemoryType kind) {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = nullptr;
    if (size == 0) return cudaSuccess;
    if (size > total_memory()) return cudaErrorMemoryAllocation;
    void* data = std::aligned_alloc(kAlignment, (size + kAlignment - 1) / kAlignment * kAlignment);
    if (data == nullptr) return cudaErrorMemoryAllocation;
    return add(*out = data, {size, kind, true}) ? cudaSuccess : cudaErrorMemoryAllocation;
  }

  bool add(void* data, Block block) {
    const std::lock_guard lock(mutex_);
    return blocks_.emplace(reinterpret_cast<uintptr_t>(data), block).second;
  }

  // Null is freed by doing nothing.
  cudaError_t release(void* data, bool host, bool owned = true) {
    if (data == nullptr) return cudaSuccess;
    {
      const std::lock_guard lock(mutex_);
      const auto it = blocks_.find(reinterpret_cast<uintptr_t>(data));
      if (it == blocks_.end() || it->second.owned != owned || (it->second.kind == cudaMemoryTypeHost) != host)
        return owned ? cudaErrorInvalidValue : cudaErrorHostMemoryNotRegistered;
      blocks_.erase(it);
    }
    if (owned) std::free(data);
    return cudaSuccess;
  }

  cudaMemoryType kind(const void* data) {
    const auto address = reinterpret_cast<uintptr_t>(data);
    const std::lock_guard lock(mutex_);
    auto it = blocks_.upper_bound(address);
    if (it == blocks_.begin()) return cudaMemoryTypeUnregistered;
    --it;
    return address < it->first + it->second.size ? it->second.kind : cudaMemoryTypeUnregistered;
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

/// Rows of `width` bytes; one for a plain copy.
struct Copy {
  void* to;
  const void* from;
  size_t width, to_pitch, from_pitch, height;

  cudaError_t check(cudaMemcpyKind kind) const {
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
    const bool nothing = width == 0 || height == 0, null = to == nullptr || from == nullptr;
    return width > to_pitch || width > from_pitch || (null && !nothing) ? cudaErrorInvalidValue : cudaSuccess;
  }
  void operator()() const {
    for (size_t row = 0; width > 0 && row < height; ++row)
      std::memmove(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(from) + row * from_pitch,
                   width);
  }
};

cudaError_t copy_now(const Copy& copy, cudaMemcpyKind kind) {
  const cudaError_t error = copy.check(kind);
  if (error == cudaSuccess) copy();
  return error;
}

cudaError_t copy_in_order(const Copy& copy, cudaMemcpyKind kind, cudaStream_t stream) {
  const cudaError_t error = copy.check(kind);
  return error == cudaSuccess ? submit(stream, copy) : error;
}

cudaError_t fill(void* to, int value, size_t size, cudaStream_t stream) {
  if (size == 0) return cudaSuccess;
  if (to == nullptr) return cudaErrorInvalidValue;
  return submit(stream, [=] { std::memset(to, value, size); });
}

}  // namespace
}  // namespace ingot::cudart

using namespace ingot::cudart;

extern "C" {

cudaError_t cudaMalloc(void** out, size_t size) {
  return keep(blocks().allocate(out, size, cudaMemoryTypeDevice));
}
cudaError_t cudaMallocAsync(void** out, size_t size, cudaStream_t stream) {
  if (const cudaError_t error = check_not_captured(stream); error != cudaSuccess) return keep(error);
  return cudaMalloc(out, size);
}
cudaError_t cudaMallocManaged(void** out, size_t size, unsigned) {
  return keep(blocks().allocate(out, size, cudaMemoryTypeManaged));
}
cudaError_t cudaMallocHost(void** out, size_t size) {
  return keep(blocks().allocate(out, size, cudaMemoryTypeHost));
}
cudaError_t cudaHostAlloc(void** out, size_t size, unsigned) { return cudaMallocHost(out, size); }
cudaError_t cudaFree(void* data) { return keep(blocks().release(data, false)); }
cudaError_t cudaFreeAsync(void* data, cudaStream_t stream) {
  if (const cudaError_t error = check_not_captured(stream); error != cudaSuccess) return keep(error);
  return cudaFree(data);
}
cudaError_t cudaFreeHost(void* data) { return keep(blocks().release(data, true)); }

cudaError_t cudaHostRegister(void* data, size_t size, unsigned) {
  if (data == nullptr || size == 0) return keep(cudaErrorInvalidValue);
  const bool added = blocks().add(data, {size, cudaMemoryTypeHost, false});
  return keep(added ? cudaSuccess : cudaErrorHostMemoryAlreadyRegistered);
}
cudaError_t cudaHostUnregister(void* data) {
  return keep(data == nullptr ? cudaErrorInvalidValue : blocks().release(data, true, false));
}
cudaError_t cudaHostGetDevicePointer(void** out, void* data, unsigned) {
  if (out == nullptr || blocks().kind(data) != cudaMemoryTypeHost) return keep(cudaErrorInvalidValue);
  *out = data;
  return cudaSuccess;
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* out, const void* data) {
  if (out == nullptr) return keep(cudaErrorInvalidValue);
  auto* address = const_cast<void*>(data);
  const cudaMemoryType kind = blocks().kind(data);
  const bool known = kind != cudaMemoryTypeUnregistered;
  *out = {kind, known ? 0 : -2, known ? address : nullptr, kind == cudaMemoryTypeDevice ? nullptr : address};
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind kind) {
  return keep(copy_now({to, from, size, size, size, 1}, kind));
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return keep(copy_in_order({to, from, size, size, size, 1}, kind, stream));
}
cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                         size_t height, cudaMemcpyKind kind) {
  return keep(copy_now({to, from, width, to_pitch, from_pitch, height}, kind));
}
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return keep(copy_in_order({to, from, width, to_pitch, from_pitch, height}, kind, stream));
}
cudaError_t cudaMemset(void* to, int value, size_t size) { return keep(fill(to, value, size, nullptr)); }
cudaError_t cudaMemsetAsync(void* to, int value, size_t size, cudaStream_t stream) {
  return keep(fill(to, value, size, stream));
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  if (free == nullptr || total == nullptr) return keep(cudaErrorInvalidValue);
  *total = total_memory();
  *free = std::min(free_memory(), *total);
  return cudaSuccess;
}

}  // extern "C"
