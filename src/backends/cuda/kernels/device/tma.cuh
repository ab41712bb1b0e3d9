// The copy engine (sm_90): boxes of tensors between global and shared memory, counted in bytes on barriers in
// shared memory; and clusters of blocks, which may write to each other's. Boxes have rows of 128 bytes, laid
// out as wgmma reads them (wgmma.cuh).
#pragma once

#include "backends/cuda/kernels/device/async.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

// What the host has encoded (KernelSpec::maps).
struct alignas(64) TensorMap {
  u64 opaque[16];
};

__device__ inline void init_barrier(unsigned barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}
// After barriers were initialised, before others use them.
__device__ inline void publish_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}
__device__ inline void arrive(unsigned barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}
// Arrives, and lets the barrier wait for so many bytes more.
__device__ inline void arrive_for_bytes(unsigned barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
               : "memory");
}
// Until the phase of that parity (of a new barrier 0, then 1, 0...) is complete.
__device__ inline void wait_barrier(unsigned barrier, unsigned parity) {
  // One instruction to the compiler, which would take a loop for one that threads leave at different times.
  asm volatile(
      "{ .reg .pred p; again: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1; @p bra done; bra again; "
      "done: }" ::"r"(barrier),
      "r"(parity)
      : "memory");
}

__device__ inline void prefetch_map(const TensorMap& map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}
__device__ inline void load_box(unsigned to, const TensorMap& map, unsigned barrier, int x, int y) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], "
      "[%2];" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(x), "r"(y)
      : "memory");
}
__device__ inline void load_box(unsigned to, const TensorMap& map, unsigned barrier, int x, int y, int z) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], "
      "[%2];" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z)
      : "memory");
}
// Rows of an image (channel, column, row, image) as a filter's tap meets them: from that pixel on, moved by
// the tap's offsets.
__device__ inline void load_pixels(unsigned to, const TensorMap& map, unsigned barrier, int channel, int w,
                                   int h, int image, int tap_w, int tap_h) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], [%1, {%3, "
      "%4, "
      "%5, %6}], [%2], {%7, %8};" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(channel), "r"(w), "r"(h), "r"(image), "h"(u16(tap_w)), "h"(u16(tap_h))
      : "memory");
}
__device__ inline void store_box(const TensorMap& map, unsigned from, int x, int y) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%2, %3}], [%1];" ::"l"(&map),
               "r"(from), "r"(x), "r"(y)
               : "memory");
}
__device__ inline void commit_stores() { asm volatile("cp.async.bulk.commit_group;" ::: "memory"); }
// Until shared memory of all but PENDING groups of stores may be written again.
template <int PENDING>
__device__ inline void wait_stores_read() {
  asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(PENDING) : "memory");
}

// Barrier number ID of the block, for COUNT of its threads.
template <int ID, int COUNT>
__device__ inline void synchronize_threads() {
  asm volatile("bar.sync %0, %1;" ::"n"(ID), "n"(COUNT) : "memory");
}
template <int COUNT>
__device__ inline void synchronize_threads(int id) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "n"(COUNT) : "memory");
}
__device__ inline void synchronize_cluster() {
  asm volatile("barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire.aligned;" ::: "memory");
}
// From the shared memory of another block.
__device__ inline unsigned address_in(unsigned rank, unsigned address) {
  unsigned remote;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(remote) : "r"(address), "r"(rank));
  return remote;
}
template <int N>
__device__ inline Vec<float, N> load_shared_of(unsigned rank, unsigned address) {
  const unsigned from = address_in(rank, address);
  Vec<float, N> v;
  if constexpr (N == 4)
    asm volatile("ld.shared::cluster.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(v[0]), "=f"(v[1]), "=f"(v[2]), "=f"(v[3])
                 : "r"(from));
  else
#pragma unroll
    for (int i = 0; i < N; ++i)
      asm volatile("ld.shared::cluster.f32 %0, [%1];" : "=f"(v[i]) : "r"(from + i * 4));
  return v;
}
// How many registers a warpgroup's threads have from here on.
template <int COUNT>
__device__ inline void give_registers_back() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(COUNT));
}
template <int COUNT>
__device__ inline void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(COUNT));
}
