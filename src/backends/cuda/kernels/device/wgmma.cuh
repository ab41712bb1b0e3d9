// Matrix instructions of a warpgroup (wgmma, sm_90a): operands in shared memory, rows of 128 bytes in the
// layout that hardware calls 128-byte swizzle: of row r, piece p of 16 bytes lies at piece p ^ (r % 8). Tiles
// begin at multiples of 1024 bytes. The instruction itself is written by the host for its width (wgmma_text).
#pragma once

#include "backends/cuda/kernels/device/types.cuh"

__device__ inline u64 matrix_descriptor(unsigned address) {
  constexpr u64 kSwizzle128 = u64(1) << 62, kEightRows = u64(1024 >> 4) << 32, kUnused = u64(1) << 16;
  return kSwizzle128 | kEightRows | kUnused | ((address & 0x3ffff) >> 4);
}
// That of an address so many bytes further on.
__device__ inline u64 advanced(u64 descriptor, int bytes) { return descriptor + (bytes >> 4); }
// Shared memory that was written by ordinary stores and cp.async, made visible to wgmma.
__device__ inline void publish_shared() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
__device__ inline void begin_wgmma() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void commit_wgmma() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int PENDING>
__device__ inline void wait_wgmma() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(PENDING) : "memory");
}
