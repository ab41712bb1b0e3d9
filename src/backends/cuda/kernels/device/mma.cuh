// Matrix instructions of a warp (mma.sync, sm_80), operands from shared memory by ldmatrix. An operand's
// piece is 32 bytes of each row, whatever the element type: 32 elements of 8 bits, 16 of 16 or 8 of 32.
#pragma once

#include "backends/cuda/kernels/device/types.cuh"

__device__ inline void load_matrices(unsigned (&r)[4], unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address));
}
__device__ inline void load_matrices_transposed(unsigned (&r)[4], unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address));
}

// d += a * b of 16 x 8 elements; `T` tells the instruction.
template <class T>
struct Mma;
template <>
struct Mma<f16> {
  static __device__ void run(float* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
};
template <>
struct Mma<bf16> {
  static __device__ void run(float* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
};

// UNSIGNED_A: the left factor of products of i8 is u8.
#ifndef UNSIGNED_A
#define UNSIGNED_A 0
#endif
#define INGOT_MMA_8BIT(RESULT, TYPES)                                             \
  asm volatile("mma.sync.aligned.m16n8k32.row.col." TYPES                         \
               " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
               : RESULT(d[0]), RESULT(d[1]), RESULT(d[2]), RESULT(d[3])           \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))
template <>
struct Mma<i8> {
  static __device__ void run(int* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
#if UNSIGNED_A
    INGOT_MMA_8BIT("+r", "s32.u8.s8.s32");
#else
    INGOT_MMA_8BIT("+r", "s32.s8.s8.s32");
#endif
  }
};
template <>
struct Mma<f8e4m3> {  // sm_89
  static __device__ void run(float* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
    INGOT_MMA_8BIT("+f", "f32.e4m3.e4m3.f32");
  }
};

__device__ inline unsigned to_tf32(float v) {
  unsigned r;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(v));
  return r;
}
__device__ inline void mma_tf32(float* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, "
      "%1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#include "backends/cuda/kernels/device/mma_float.cuh"
