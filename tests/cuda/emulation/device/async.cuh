#pragma once

#include "backends/cuda/kernels/device/vector.cuh"

__device__ inline unsigned shared_address(const void* p) { return emulated::address_of(p); }

template <int BYTES>
__device__ inline void copy_async(unsigned to, const void* from, bool there) {
  auto work = [=] {
    if (there)
      std::memcpy(emulated::at(to), from, BYTES);
    else
      std::memset(emulated::at(to), 0, BYTES);
  };
  emulated::self().open_copies.push_back(work);
}
__device__ inline void commit_copies() {
  emulated::Thread& t = emulated::self();
  t.copies.push_back(std::move(t.open_copies));
  t.open_copies.clear();
}
template <int PENDING>
__device__ inline void wait_copies() {
  auto& groups = emulated::self().copies;
  while (groups.size() > PENDING) {
    for (auto& work : groups.front()) work();
    groups.erase(groups.begin());
  }
}
__device__ inline void store_shared(unsigned to, uint4 v) { std::memcpy(emulated::at(to), &v, 16); }
__device__ inline unsigned load_shared(unsigned from) {
  unsigned v;
  std::memcpy(&v, emulated::at(from), 4);
  return v;
}
__device__ inline void store_shared(unsigned to, unsigned v) { std::memcpy(emulated::at(to), &v, 4); }
__device__ inline u16 load_shared_half(unsigned from) {
  u16 v;
  std::memcpy(&v, emulated::at(from), 2);
  return v;
}
__device__ inline void store_shared(unsigned to, u16 v) { std::memcpy(emulated::at(to), &v, 2); }
