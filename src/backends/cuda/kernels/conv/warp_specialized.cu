// Convolutions and matrix products as in conv.cu, for sm_90a: the copy engine brings boxes of the factors,
// warpgroups only multiply and compute epilogues. Blocks stay and take tiles of the result in turns.
//
// The first warpgroup moves data, a thread for each kind: factors into a ring of STAGES tiles of depth,
// residuals to where their result will be, results from there. The others are GROUPS groups of WARPGROUPS
// warpgroups. A group computes BM x BN of the result, its warpgroups an equal part of the rows each; with two
// groups one's epilogue runs beside the other's products. Residuals and results pass through two slots for
// each group, a panel of 128 bytes of each row at a time.
//
// Options: TYPE of the factors, BIAS_TYPE, OUT; BM, BN, GROUPS, WARPGROUPS, STAGES; STEPS of 32 bytes that
// a tile of depth holds; BLOCK (threads), RESIDENT
// (blocks of a multiprocessor); IM2COL: factor A by the filter's taps; HAS_BIAS; SCALE; CONSTANT_WEIGHTS;
// GATED: gates.cuh; KEEP_WEIGHTS: a block's tiles have all filters, which stay in shared memory; EVEN: pairs
// of filters lie together; RESIDUAL: which extra has the layout of y and comes as boxes, or -1. Prelude: as
// of conv.cu.
#include "backends/cuda/kernels/conv/arguments.cuh"
#include "backends/cuda/kernels/conv/boxes.cuh"
#include "backends/cuda/kernels/device/bytes.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/device/wgmma.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"
// clang-format off: this uses the prelude's wgmma
#include "backends/cuda/kernels/conv/gates.cuh"
// clang-format on

using Params = ConvParams;

using Sum = SumOfProducts<TYPE>::type;
constexpr int kWeights = BN * 128, kStage = BM * 128 + (KEEP_WEIGHTS ? 0 : kWeights);
constexpr int kPanel = 128 / sizeof(OUT),
              kPanels = (BN + kPanel - 1) / kPanel;  // the last may have fewer columns
constexpr int kSlot = BM * 128, kSlots = 2 * GROUPS;
// Registers of a thread that moves data, and of one that multiplies: of two warpgroups or of three.
constexpr int kFew = GROUPS * WARPGROUPS > 2 ? 24 : 40, kMany = GROUPS * WARPGROUPS > 2 ? 160 : 232;
constexpr int kRows = BM / WARPGROUPS, kTall = kRows / 64;  // of a warpgroup

// Shared memory: weights that stay, the ring, the slots, barriers.
struct Memory {
  unsigned kept, ring;
  __device__ unsigned stage(int s) const { return ring + s * kStage; }
  __device__ unsigned slot(int i) const { return ring + STAGES * kStage + i * kSlot; }
  __device__ unsigned barrier(int i) const { return ring + STAGES * kStage + kSlots * kSlot + i * 8; }
  __device__ unsigned full(int s) const { return barrier(s); }
  __device__ unsigned empty(int s) const { return barrier(STAGES + s); }
  __device__ unsigned residual(int slot) const { return barrier(2 * STAGES + slot); }         // has arrived
  __device__ unsigned result(int slot) const { return barrier(2 * STAGES + kSlots + slot); }  // is complete
  __device__ unsigned read(int slot) const { return barrier(2 * STAGES + 2 * kSlots + slot); }
  __device__ unsigned turn(int group) const { return barrier(2 * STAGES + 3 * kSlots + group); }
  __device__ unsigned weights_there(int k) const { return barrier(2 * STAGES + 3 * kSlots + GROUPS + k); }
  __device__ unsigned weights(int k, int s) const {
    return KEEP_WEIGHTS ? kept + k * kWeights : stage(s) + BM * 128;
  }
};

// The tiles of a block, in order.
struct Tiles {
  int tile = blockIdx.x, number = 0;
  __device__ bool there(const Params& p) const { return tile < p.tiles; }
  __device__ void next() { tile += gridDim.x, ++number; }
  __device__ int filter0(const Params& p) const {
    return remainder_of(tile, divide(tile, p.filter_tiles), p.filter_tiles) * BN;
  }
  __device__ int row0(const Params& p) const { return divide(tile, p.filter_tiles) * BM; }
  __device__ int group() const { return number % GROUPS; }
  __device__ int of_group() const { return number / GROUPS; }
  // Panels take the group's slots in turns, also those that have no filters.
  __device__ int slot(int panel) const { return group() * 2 + (of_group() * kPanels + panel) % 2; }
  __device__ unsigned parity(int panel) const { return (of_group() * kPanels + panel) / 2 & 1; }
};

__device__ inline void load_factors(const Memory& memory, const TensorMap& map_a, const TensorMap& map_b,
                                    const Params& p) {
  Tiles ahead;  // B's first tiles do not wait for the kernel before, where they are constants
  int begun = 0;
  if (KEEP_WEIGHTS) {
    if (!CONSTANT_WEIGHTS) wait_for_previous_kernel();
    for (int k = 0; k < p.depth_tiles; ++k) {
      arrive_for_bytes(memory.weights_there(k), kWeights);
      load_b(memory.weights(k, 0), memory.weights_there(k), map_b, 0, k, p);
    }
  } else if (CONSTANT_WEIGHTS)
    for (; ahead.there(p) && begun < STAGES; ahead.next())
      for (int k = 0; k < p.depth_tiles && begun < STAGES; ++k, ++begun) {
        arrive_for_bytes(memory.full(begun), kStage);
        load_b(memory.weights(k, begun), memory.full(begun), map_b, ahead.filter0(p), k, p);
      }
  wait_for_previous_kernel();
  int n = 0, stage = 0;
  unsigned parity = 1;
  for (Tiles t; t.there(p); t.next()) {
    const RowsOfA a(t.row0(p), p);
    for (int k = 0; k < p.depth_tiles; ++k, ++n) {
      const unsigned at = memory.stage(stage), full = memory.full(stage);
      if (n >= begun) {
        wait_barrier(memory.empty(stage), parity);
        arrive_for_bytes(full, kStage);
        if (!KEEP_WEIGHTS) load_b(memory.weights(k, stage), full, map_b, t.filter0(p), k, p);
      }
      a.load(at, full, map_a, k, p);
      if (++stage == STAGES) stage = 0, parity ^= 1;
    }
  }
}

__device__ inline void load_residuals(const Memory& memory, const TensorMap& map, const Params& p) {
  wait_for_previous_kernel();
  for (Tiles t; t.there(p); t.next())
    for (int i = 0; i < kPanels; ++i) {
      const int slot = t.slot(i);
      wait_barrier(memory.read(slot), t.parity(i) ^ 1);
      arrive_for_bytes(memory.residual(slot), kSlot);
      load_box(memory.slot(slot), map, memory.residual(slot), t.filter0(p) + i * kPanel, t.row0(p));
    }
}

__device__ inline void store_results(const Memory& memory, const TensorMap& map, const Params& p) {
  wait_for_previous_kernel();
  for (Tiles t; t.there(p); t.next())
    for (int i = 0; i < kPanels; ++i) {
      const int slot = t.slot(i);
      wait_barrier(memory.result(slot), t.parity(i));
      store_box(map, memory.slot(slot), t.filter0(p) + i * kPanel, t.row0(p));
      commit_stores();
      wait_stores_read<0>();
      arrive(memory.read(slot));
    }
}

// Two neighbouring elements of a slot's row; the row's pieces of 16 bytes are permuted.
__device__ inline unsigned place_in(unsigned slot, int row, int column) {
  const int bytes = column * sizeof(OUT);
  return slot + row * 128 + ((bytes / 16) ^ (row & 7)) * 16 + bytes % 16;
}
template <class T>
__device__ inline void load_pair(unsigned from, float& a, float& b) {
  if constexpr (IsByte<T>::value) {
    unpack_bytes<T>(load_shared_half(from), a, b);
  } else if constexpr (sizeof(T) == 1) {
    const unsigned both = load_shared_half(from);
    a = to_float(T(both & 0xff)), b = to_float(T(both >> 8));
  } else if constexpr (sizeof(T) == 2) {
    unpack<T>(load_shared(from), a, b);
  } else {
    a = __uint_as_float(load_shared(from)), b = __uint_as_float(load_shared(from + 4));
  }
}
template <class T>
__device__ inline void store_pair(unsigned to, float a, float b) {
  if constexpr (IsByte<T>::value)  // sums of integers are no NaN
    store_shared(to, u16(pack_bytes<T, !IsByte<TYPE>::value>(a, b)));
  else if constexpr (sizeof(T) == 1)
    store_shared(to, u16(u8(rounded<T>(a)) | u8(rounded<T>(b)) << 8));
  else if constexpr (sizeof(T) == 2)
    store_shared(to, pack<T>(a, b));
  else
    store_shared(to, __float_as_uint(a)), store_shared(to + 4, __float_as_uint(b));
}

// Of filters n and n + 1, or twice the one number where they do not differ.
template <bool DENSE, class T>
__device__ inline Vec<T, 2> load_neighbours(const T* from, int n, int filters) {
  Vec<T, 2> pair;
  if (DENSE && EVEN) {
    pair = load<2>(from + min(n, filters - 2));
  } else {
    pair[0] = from[DENSE ? min(n, filters - 1) : 0];
    pair[1] = from[DENSE ? min(n + 1, filters - 1) : 0];
  }
  return pair;
}

#define EXTRA_LOAD(i, T, dense)                                                   \
  if (i != RESIDUAL) {                                                            \
    const T* at = extra##i + image * p.extra_image[i] + pixel * p.extra_pixel[i]; \
    const Vec<T, 2> pair = load_neighbours<dense>(at, n, p.filters);              \
    inputs[0][i + 1] = to_float(pair[0]), inputs[1][i + 1] = to_float(pair[1]);   \
  }

// What the group's warpgroup `part` has summed up of a panel becomes its rows of the slot.
__device__ inline void finish(const Sum (&sums)[kTall][BN / 2], int panel, unsigned slot, int part, int row0,
                              int filter0, const BIAS_TYPE* __restrict__ bias,
                              SCALE_PARAMETER EXTRAS(EXTRA_PARAMETER) const Params& p) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
#pragma unroll
  for (int j = 0; j < kPanel / 8; ++j) {
    if (panel * kPanel + j * 8 >= BN) break;
    const int column = j * 8 + lane % 4 * 2, n = filter0 + column;
    Vec<BIAS_TYPE, 2> shift = {};
    if (HAS_BIAS) shift = load_neighbours<true>(bias, n, p.filters);
    Vec<float, 2> factor;
    factor[0] = factor[1] = p.alpha;
#if SCALE
    factor = load_neighbours<SCALE == 1>(scale, n, p.filters);
#endif
#pragma unroll
    for (int i = 0; i < kTall; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = part * kRows + i * 64 + warp * 16 + lane / 4 + half * 8;
        const int m = min(row0 + row, p.rows - 1);
        const unsigned image = divide(m, p.pixels), pixel = remainder_of(m, image, p.pixels);
        const unsigned at = place_in(slot, row, column);
        const Sum* sum = sums[i] + (panel * (kPanel / 8) + j) * 4 + half * 2;
        Compute inputs[2][kProgramInputs];
        inputs[0][0] = factor[0] * sum[0] + to_float(shift[0]);
        inputs[1][0] = factor[1] * sum[1] + to_float(shift[1]);
        EXTRAS(EXTRA_LOAD)
        if constexpr (RESIDUAL >= 0) load_pair<OUT>(at, inputs[0][RESIDUAL + 1], inputs[1][RESIDUAL + 1]);
        store_pair<OUT>(at, run_program(inputs[0]), run_program(inputs[1]));
      }
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK, RESIDENT)
    conv_specialized(const TYPE* __restrict__ x, const TYPE* __restrict__ weights,
                     const BIAS_TYPE* __restrict__ bias,
                     SCALE_PARAMETER GATES_PARAMETER EXTRAS(EXTRA_PARAMETER) OUT* __restrict__ y,
                     const Params p, const __grid_constant__ TensorMap map_a,
                     const __grid_constant__ TensorMap map_b, const __grid_constant__ TensorMap map_y
#if RESIDUAL >= 0
                     ,
                     const __grid_constant__ TensorMap map_residual
#endif
    ) {
  extern __shared__ u8 dynamic[];
  const unsigned base = (shared_address(dynamic) + 1023) & ~1023u;
  const Memory memory{base, base + (KEEP_WEIGHTS ? p.depth_tiles * kWeights : 0)};
  const int warp = __shfl_sync(0xffffffffu, threadIdx.x / 32, 0), warpgroup = warp / 4,
            lane = threadIdx.x % 32;
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; ++s) {
      init_barrier(memory.full(s), 1);
      init_barrier(memory.empty(s), WARPGROUPS * 4);
    }
    for (int i = 0; i < kSlots; ++i) {
      init_barrier(memory.residual(i), 1);
      init_barrier(memory.result(i), WARPGROUPS * 4);
      init_barrier(memory.read(i), 1);
    }
    for (int g = 0; g < GROUPS; ++g) init_barrier(memory.turn(g), WARPGROUPS * 4);
    for (int k = 0; KEEP_WEIGHTS && k < p.depth_tiles; ++k) init_barrier(memory.weights_there(k), 1);
    publish_barriers();
  }
  if (threadIdx.x == 32) {
    prefetch_map(map_b);
    prefetch_map(map_a);
    prefetch_map(map_y);
  }
  __syncthreads();

  if (warpgroup == 0) {
    if (RESIDENT == 1) give_registers_back<kFew>();
    if (lane == 0) {
      if (warp == 0) load_factors(memory, map_a, map_b, p);
#if RESIDUAL >= 0
      if (warp == 1) load_residuals(memory, map_residual, p);
#endif
      if (warp == 2) store_results(memory, map_y, p);
    }
    __syncwarp();
  } else {
    if (RESIDENT == 1) take_registers<kMany>();
    wait_for_previous_kernel();
    const int group = GROUPS > 1 ? warpgroup - 1 : 0, part = GROUPS > 1 ? 0 : warpgroup - 1;
    for (Tiles t; t.there(p); t.next()) {
      if (t.group() != group) continue;
      Sum sums[kTall][BN / 2];
      int stage = t.number * p.depth_tiles % STAGES, parity = t.number * p.depth_tiles / STAGES & 1,
          before = stage;
#if GATED
      Gates<kTall> rows(gates, t.row0(p) + part * kRows, p);
      rows.load(0, p);
#endif
      // In turns: who waits for a stage's next round while another waits for this one would not wait at all.
      if (GROUPS > 1) wait_barrier(memory.turn(group), (t.of_group() & 1) ^ (group == 0));
      for (int k = 0; k < p.depth_tiles; ++k) {
        if (KEEP_WEIGHTS && t.of_group() == 0) wait_barrier(memory.weights_there(k), 0);
        wait_barrier(memory.full(stage), parity);
        const unsigned a = memory.stage(stage) + part * kRows * 128, b = memory.weights(k, stage);
#if GATED
        rows.multiply(sums, a, b, k > 0);
        rows.load(k + 1, p);
#else
        const u64 left = matrix_descriptor(a), right = matrix_descriptor(b);
        begin_wgmma();
#pragma unroll
        for (int s = 0; s < STEPS; ++s)
#pragma unroll
          for (int i = 0; i < kTall; ++i)
            wgmma(sums[i], advanced(left, i * 64 * 128 + s * 32), advanced(right, s * 32), k > 0 || s > 0);
        commit_wgmma();
#endif
        if (GROUPS > 1 && lane == 0 && k + 1 == p.depth_tiles) arrive(memory.turn(1 - group));
        wait_wgmma<GATED ? 0 : 1>();
        if (k > 0 && lane == 0) arrive(memory.empty(before));
        before = stage;
        if (++stage == STAGES) stage = 0, parity ^= 1;
      }
      wait_wgmma<0>();
      if (lane == 0) arrive(memory.empty(before));
#pragma unroll
      for (int i = 0; i < kPanels; ++i) {
        const int slot = t.slot(i);
        if (RESIDUAL >= 0)
          wait_barrier(memory.residual(slot), t.parity(i));
        else
          wait_barrier(memory.read(slot), t.parity(i) ^ 1);
        finish(sums, i, memory.slot(slot), part, t.row0(p), t.filter0(p) + i * kPanel, bias,
               SCALE_ARGUMENT EXTRAS(EXTRA_ARGUMENT) p);
        publish_shared();
        __syncwarp();
        if (lane == 0) arrive(memory.result(slot));
      }
    }
  }
}
