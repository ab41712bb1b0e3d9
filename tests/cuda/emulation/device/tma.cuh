#pragma once

#include "backends/cuda/kernels/device/async.cuh"

// What the harness puts into a map: as the driver's encoding would be told it.
struct EmulatedMap {
  unsigned char* base;
  int rank, element_bytes, im2col;
  long long dims[5], strides[5];  // strides in bytes
  int box[5], steps[5], lower[2], upper[2], swizzled;
};
struct alignas(64) TensorMap {
  u64 opaque[16];
  const EmulatedMap& get() const { return *reinterpret_cast<const EmulatedMap*>(opaque[0]); }
};

struct EmulatedBarrier {
  unsigned short pending, expected;
  int bytes : 31;
  unsigned phase : 1;
};
static_assert(sizeof(EmulatedBarrier) == 8);
inline EmulatedBarrier& barrier_at(unsigned b) {
  return *reinterpret_cast<EmulatedBarrier*>(emulated::at(b));
}
inline void complete_if_due(EmulatedBarrier& b) {
  if (b.pending != 0 || b.bytes != 0) return;
  b.pending = b.expected;
  b.phase ^= 1;
  emulated::progress();
}
inline void init_barrier(unsigned barrier, unsigned arrivals) {
  EmulatedBarrier b{};
  b.pending = b.expected = (unsigned short)arrivals;
  barrier_at(barrier) = b;
}
inline void publish_barriers() {}
inline void arrive_on(EmulatedBarrier& b) {
  if (b.pending == 0) {
    std::fprintf(stderr, "more arrivals than a barrier expects (at %p of %p, thread %u)\n", (void*)&b,
                 (void*)emulated::here().shared, emulated::self().number);
    std::abort();
  }
  --b.pending;
  complete_if_due(b);
}
inline void arrive(unsigned barrier) { arrive_on(barrier_at(barrier)); }
inline void arrive_for_bytes(unsigned barrier, unsigned bytes) {
  barrier_at(barrier).bytes += int(bytes);
  arrive(barrier);
}
inline unsigned remote(unsigned address, unsigned rank) { return (address & 0xffffff) | rank << 24; }
inline void wait_barrier(unsigned barrier, unsigned parity) {
  int polls = 0;
  emulated::wait_until("an mbarrier", [&] {
    EmulatedBarrier& b = barrier_at(barrier);
    if (b.phase != parity) return true;
    if (++polls > 3) {  // copies arrive when somebody has waited for them for some time
      auto& copies = emulated::machine.copies;
      for (size_t i = 0; i < copies.size(); ++i)
        if (copies[i].first == &b) {
          auto work = std::move(copies[i].second);
          copies.erase(copies.begin() + long(i));
          work();
          break;
        }
    }
    return false;
  });
}
inline void prefetch_map(const TensorMap&) {}

inline void swizzled_move(const EmulatedMap& m, unsigned shared, size_t offset, unsigned char* global,
                          int bytes, bool inside, bool store) {
  unsigned a = shared + unsigned(offset);
  if (m.swizzled) a ^= (a >> 7 & 7) << 4;
  if (store) {
    if (inside) std::memcpy(global, emulated::at(a), size_t(bytes));
  } else if (inside) {
    std::memcpy(emulated::at(a), global, size_t(bytes));
  } else {
    std::memset(emulated::at(a), 0, size_t(bytes));
  }
}
inline void move_box(const EmulatedMap& m, unsigned shared, const int* at, bool store) {
  size_t offset = 0;
  int i[5] = {};
  for (;;) {
    bool inside = true;
    unsigned char* global = m.base;
    for (int d = 0; d < m.rank; ++d) {
      const long long c = at[d] + (long long)(i[d]) * m.steps[d];
      inside = inside && c >= 0 && c < m.dims[d];
      global += c * (d == 0 ? m.element_bytes : m.strides[d]);
    }
    swizzled_move(m, shared, offset, global, m.element_bytes, inside, store);
    offset += size_t(m.element_bytes);
    int d = 0;
    while (d < m.rank && ++i[d] == m.box[d]) i[d++] = 0;
    if (d == m.rank) break;
  }
}
inline int box_bytes(const EmulatedMap& m) {
  int bytes = m.element_bytes;
  for (int d = 0; d < m.rank; ++d) bytes *= m.box[d];
  return bytes;
}
inline void enqueue_load(const TensorMap& map, unsigned to, unsigned barrier, unsigned blocks,
                         std::vector<int> at) {
  const EmulatedMap& m = map.get();
  if (to % 1024 != 0) std::abort();
  for (unsigned r = 0; r < emulated::machine.blocks.size(); ++r) {
    if (!(blocks >> r & 1)) continue;
    EmulatedBarrier* b = &barrier_at(remote(barrier, r));
    emulated::machine.copies.emplace_back(b, [=, &m] {
      move_box(m, remote(to, r), at.data(), false);
      b->bytes -= box_bytes(m);
      complete_if_due(*b);
    });
  }
}
inline unsigned only_here() { return 1u << emulated::here().rank; }
inline void load_box(unsigned to, const TensorMap& map, unsigned barrier, int x, int y) {
  enqueue_load(map, to, barrier, only_here(), {x, y});
}
inline void load_box(unsigned to, const TensorMap& map, unsigned barrier, int x, int y, int z) {
  enqueue_load(map, to, barrier, only_here(), {x, y, z});
}
// box[0] channels, box[1] pixels.
inline void load_pixels(unsigned to, const TensorMap& map, unsigned barrier, int channel, int w, int h,
                        int image, int tap_w, int tap_h) {
  const EmulatedMap& m = map.get();
  EmulatedBarrier* b = &barrier_at(barrier);
  emulated::machine.copies.emplace_back(b, [=, &m] {
    const int first_w = m.lower[0], last_w = int(m.dims[1]) - 1 + m.upper[0];
    const int first_h = m.lower[1], last_h = int(m.dims[2]) - 1 + m.upper[1];
    int pw = w, ph = h, pn = image;
    for (int pixel = 0; pixel < m.box[1]; ++pixel) {
      for (int c = 0; c < m.box[0]; ++c) {
        const long long x = pw + tap_w, y = ph + tap_h;
        const bool inside = x >= 0 && x < m.dims[1] && y >= 0 && y < m.dims[2] && pn >= 0 && pn < m.dims[3] &&
                            channel + c < m.dims[0];
        unsigned char* global = m.base + (long long)(channel + c) * m.element_bytes + x * m.strides[1] +
                                y * m.strides[2] + pn * m.strides[3];
        swizzled_move(m, to, size_t(pixel * m.box[0] + c) * size_t(m.element_bytes), global, m.element_bytes,
                      inside, false);
      }
      pw += m.steps[1];
      if (pw > last_w) {
        pw = first_w;
        ph += m.steps[2];
        if (ph > last_h) ph = first_h, ++pn;
      }
    }
    b->bytes -= m.box[0] * m.box[1] * m.element_bytes;
    complete_if_due(*b);
  });
}
inline void store_box(const TensorMap& map, unsigned from, int x, int y) {
  const EmulatedMap& m = map.get();
  emulated::self().open_stores.push_back([=, &m] {
    const int at[] = {x, y};
    move_box(m, from, at, true);
  });
}
inline void commit_stores() {
  emulated::Thread& t = emulated::self();
  t.stores.push_back(std::move(t.open_stores));
  t.open_stores.clear();
}
template <int PENDING>
inline void wait_stores_read() {
  auto& groups = emulated::self().stores;
  while (groups.size() > PENDING) {
    for (auto& work : groups.front()) work();
    groups.erase(groups.begin());
  }
}
template <int ID, int COUNT>
inline void synchronize_threads() {
  emulated::meet(emulated::here().barriers[ID], COUNT, "a barrier of the block");
}
template <int COUNT>
inline void synchronize_threads(int id) {
  emulated::meet(emulated::here().barriers[id], COUNT, "a barrier of the block");
}
inline void synchronize_cluster() {
  emulated::Machine& m = emulated::machine;
  emulated::meet(m.cluster_meeting, unsigned(m.blocks.size()) * m.block.x * m.block.y * m.block.z,
                 "the cluster");
}
template <int N>
inline Vec<float, N> load_shared_of(unsigned rank, unsigned address) {
  Vec<float, N> v;
  std::memcpy(&v, emulated::at(remote(address, rank)), sizeof v);
  return v;
}
template <int COUNT>
inline void give_registers_back() {}
template <int COUNT>
inline void take_registers() {}
