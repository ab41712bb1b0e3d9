// A GPU's block (or cluster of blocks) on the host, for kernels compiled as C++: a fiber for each thread, the
// built-in functions and variables that our kernels use, and what device/*.cuh here wraps. What hardware does
// beside the threads (bulk copies, wgmma) happens as late as the program allows: a wait that is missing
// shows.
#pragma once

#include <math.h>
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#define __device__
#define __global__
#define __host__
#define __shared__ static
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__

struct uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
struct Index3 {
  unsigned x, y, z;
};

namespace emulated {

using u64 = unsigned long long;

struct Block;

// Work that hardware does at some time after it was asked for.
using Work = std::function<void()>;

struct Thread {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  Block* block;
  Index3 index;
  unsigned number;
  bool done = false;
  const char* waits_for = "";
  std::vector<std::vector<Work>> products;  // committed groups of wgmma, the oldest first
  std::vector<Work> open_products;
  std::vector<std::vector<Work>> copies, stores;  // committed groups of cp.async, of bulk stores
  std::vector<Work> open_copies;
  std::vector<Work> open_stores;
};

// Threads that meet: the last to arrive lets all go on.
struct Meeting {
  unsigned arrived = 0, round = 0;
};

struct Warp {
  Meeting in, out;
  const void* given[32];
};

struct Block {
  Index3 index;
  unsigned rank = 0;  // in the cluster
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<Warp> warps;
  Meeting barriers[16];
  unsigned char* shared;  // aligned to 1024
};

struct Machine {
  Index3 grid, block, cluster;
  std::vector<std::unique_ptr<Block>> blocks;  // of the cluster that runs
  std::vector<std::unique_ptr<unsigned char[]>> memory;
  size_t shared_bytes;
  Meeting cluster_meeting;
  std::vector<std::pair<void*, Work>> copies;  // under way, by the mbarrier that they complete on
  ucontext_t scheduler;
  Thread* current = nullptr;
  u64 steps = 0, last_progress = 0;
};
inline Machine machine;

inline Thread& self() { return *machine.current; }
inline Block& here() { return *self().block; }
inline void progress() { machine.last_progress = machine.steps; }
inline void yield() { swapcontext(&self().context, &machine.scheduler); }

template <class Ready>
inline void wait_until(const char* what, Ready ready) {
  self().waits_for = what;
  while (!ready()) yield();
  self().waits_for = "";
  progress();
}

inline void meet(Meeting& m, unsigned count, const char* what) {
  const unsigned round = m.round;
  if (++m.arrived == count) {
    m.arrived = 0;
    ++m.round;
    progress();
    return;
  }
  wait_until(what, [&] { return m.round != round; });
}

// What each lane of the warp gives, for all of them, while `use` runs.
template <class T, class Use>
inline auto exchange(const T& mine, Use use) {
  Warp& warp = here().warps[self().number / 32];
  warp.given[self().number % 32] = &mine;
  meet(warp.in, 32, "a warp");
  const auto result =
      use([&](unsigned lane) -> const T& { return *static_cast<const T*>(warp.given[lane]); });
  meet(warp.out, 32, "a warp");
  return result;
}

// Shared memory as kernels address it: 32 bits, the block's rank in the cluster above 24 of them.
inline unsigned address_of(const void* p) {
  return unsigned(static_cast<const unsigned char*>(p) - here().shared) | here().rank << 24;
}
inline unsigned char* at(unsigned address) {
  const unsigned offset = address & 0xffffff;
  if ((address >> 24) >= machine.blocks.size() || offset >= machine.shared_bytes) {
    std::fprintf(stderr, "shared memory is accessed at %u of %zu\n", offset, machine.shared_bytes);
    std::abort();
  }
  return machine.blocks[address >> 24]->shared + offset;
}
inline void* dynamic_shared() { return here().shared; }

inline void thread_main(void (*entry)(void**), void** arguments) {
  entry(arguments);
  for (auto& group : self().stores)
    for (auto& work : group) work();
  self().done = true;
  progress();
  yield();
}

inline void (*entry_of_threads)(void**);
inline void** arguments_of_threads;
inline void trampoline() { thread_main(entry_of_threads, arguments_of_threads); }

inline bool run_cluster(Index3 first) {
  Machine& m = machine;
  const unsigned count = m.cluster.x * m.cluster.y * m.cluster.z, threads = m.block.x * m.block.y * m.block.z;
  m.blocks.clear();
  m.memory.clear();
  m.cluster_meeting = {};
  m.copies.clear();
  for (unsigned r = 0; r < count; ++r) {
    auto block = std::make_unique<Block>();
    block->rank = r;
    block->index = {first.x + r % m.cluster.x, first.y + r / m.cluster.x % m.cluster.y,
                    first.z + r / m.cluster.x / m.cluster.y};
    m.memory.emplace_back(new unsigned char[m.shared_bytes + 2048]);
    std::memset(m.memory.back().get(), 0xff, m.shared_bytes + 2048);
    auto address = reinterpret_cast<uintptr_t>(m.memory.back().get());
    block->shared = reinterpret_cast<unsigned char*>((address + 1023) / 1024 * 1024);
    block->warps.resize((threads + 31) / 32);
    for (unsigned t = 0; t < threads; ++t) {
      auto thread = std::make_unique<Thread>();
      thread->block = block.get();
      thread->number = t;
      thread->index = {t % m.block.x, t / m.block.x % m.block.y, t / m.block.x / m.block.y};
      constexpr size_t kStack = 96 << 10;
      thread->stack.reset(new char[kStack]);
      getcontext(&thread->context);
      thread->context.uc_stack.ss_sp = thread->stack.get();
      thread->context.uc_stack.ss_size = kStack;
      thread->context.uc_link = nullptr;
      makecontext(&thread->context, trampoline, 0);
      block->threads.push_back(std::move(thread));
    }
    m.blocks.push_back(std::move(block));
  }
  for (bool any = true; any;) {
    any = false;
    for (auto& block : m.blocks)
      for (auto& thread : block->threads) {
        if (thread->done) continue;
        any = true;
        m.current = thread.get();
        ++m.steps;
        swapcontext(&m.scheduler, &thread->context);
      }
    if (any && m.steps - m.last_progress > 100 * count * threads) {
      std::fprintf(stderr, "no thread goes on:\n");
      for (auto& block : m.blocks)
        for (auto& thread : block->threads)
          if (!thread->done && thread->number % 32 == 0)
            std::fprintf(stderr, "  block %u thread %u waits for %s\n", block->rank, thread->number,
                         thread->waits_for);
      return false;
    }
  }
  for (auto& copy : m.copies) {
    std::fprintf(stderr, "a copy was never waited for (%p)\n", copy.first);
    return false;
  }
  return true;
}

template <class... A, size_t... I>
inline void call(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
  kernel(*static_cast<std::remove_cv_t<std::remove_reference_t<A>>*>(arguments[I])...);
}
template <class... A>
inline void call(void (*kernel)(A...), void** arguments) {
  call(kernel, arguments, std::index_sequence_for<A...>());
}

inline bool run(void (*entry)(void**), const unsigned* shape, size_t shared_bytes, void** arguments) {
  Machine& m = machine;
  m.grid = {shape[0], shape[1], shape[2]};
  m.block = {shape[3], shape[4], shape[5]};
  m.cluster = {shape[6], shape[7], shape[8]};
  m.shared_bytes = shared_bytes;
  entry_of_threads = entry;
  arguments_of_threads = arguments;
  for (unsigned z = 0; z < m.grid.z; z += m.cluster.z)
    for (unsigned y = 0; y < m.grid.y; y += m.cluster.y)
      for (unsigned x = 0; x < m.grid.x; x += m.cluster.x)
        if (!run_cluster({x, y, z})) return false;
  return true;
}

}  // namespace emulated

#define threadIdx (emulated::self().index)
#define blockIdx (emulated::here().index)
#define blockDim (emulated::machine.block)
#define gridDim (emulated::machine.grid)

inline void __syncthreads() {
  const Index3 b = blockDim;
  emulated::meet(emulated::here().barriers[0], b.x * b.y * b.z, "__syncthreads");
}
inline void __syncwarp(unsigned = ~0u) {
  emulated::exchange(0, [](auto) { return 0; });
}
inline int __dp4a(int a, int b, int sum) {
  for (int shift = 0; shift < 32; shift += 8)
    sum += static_cast<signed char>(a >> shift) * static_cast<signed char>(b >> shift);
  return sum;
}
template <class T>
inline T __shfl_xor_sync(unsigned, T v, int mask) {
  const unsigned lane = emulated::self().number % 32;
  return emulated::exchange(v, [&](auto of) { return of(lane ^ unsigned(mask)); });
}
template <class T>
inline T __shfl_up_sync(unsigned, T v, unsigned lanes) {
  const unsigned lane = emulated::self().number % 32;
  return emulated::exchange(v, [&](auto of) { return of(lane >= lanes ? lane - lanes : lane); });
}
template <class T>
inline T __shfl_sync(unsigned, T v, int from) {
  return emulated::exchange(v, [&](auto of) { return of(unsigned(from)); });
}
template <class T>
inline T atomicAdd(T* p, T v) {
  const T old = *p;
  *p = T(old + v);
  return old;
}
inline void __threadfence() {}
inline void __threadfence_block() {}
template <class T>
inline T __ldcg(const T* p) {
  return *p;
}
template <class T>
inline T __ldg(const T* p) {
  return *p;
}
template <class To, class From>
inline To bits_as(From v) {
  To r;
  static_assert(sizeof r == sizeof v);
  std::memcpy(&r, &v, sizeof r);
  return r;
}
inline float __int_as_float(int v) { return bits_as<float>(v); }
inline float __saturatef(float v) { return v > 0 ? v < 1 ? v : 1 : 0; }
inline float __uint_as_float(unsigned v) { return bits_as<float>(v); }
inline int __float_as_int(float v) { return bits_as<int>(v); }
inline unsigned __float_as_uint(float v) { return bits_as<unsigned>(v); }
inline unsigned __float2uint_rn(float v) { return unsigned(std::nearbyint(v)); }
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  const unsigned long long both = a | static_cast<unsigned long long>(b) << 32;
  unsigned r = 0;
  for (int i = 0; i < 4; ++i) r |= unsigned(both >> (selector >> i * 4 & 7) * 8 & 0xff) << i * 8;
  return r;
}
inline float __expf(float v) { return std::exp(v); }
inline float __logf(float v) { return std::log(v); }
inline float __fdividef(float a, float b) { return std::isinf(b) && !std::isinf(a) ? 0.f : a / b; }
inline float rsqrtf(float v) { return 1 / std::sqrt(v); }
inline double rsqrt(double v) { return 1 / std::sqrt(v); }
inline float rsqrt(float v) { return 1 / std::sqrt(v); }
inline int __popc(unsigned v) { return __builtin_popcount(v); }
using std::max;
using std::min;
