// Products of 8-bit integers with sums in 32 bits, all exact: C = (A - zero A) (B - zero B).
//
// The rows of A are made piece by piece by a function of the caller, so that a convolution is the product of
// its patches and nothing of them is kept. Where the processor has dot products of bytes (VNNI), A is read as
// unsigned and B as signed bytes; elsewhere A is widened to 16 bits and pairs are summed. Operands of the
// other sign are shifted by 128, zero points with them.
#pragma once

#include <cstdint>
#include <vector>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

struct IntegerGemmDesc {
  int64_t m = 0, n = 0, k = 0;
  bool signed_a = false, signed_b = true;
};
/// Beyond, sums may leave 32 bits.
inline constexpr int64_t kMaxIntegerDepth = 65536;

/// Packed B: [n / V][k / 4][V][4] bytes, zeros where n or k end, then the sum of each column.
int64_t packed_integer_b_bytes(int64_t n, int64_t k, Isa isa);
/// B is [k, n], or [n, k] with trans_b, rows `ldb` apart.
void pack_integer_b(const void* b, bool is_signed, int64_t ldb, bool trans_b, int64_t n, int64_t k, Isa isa,
                    void* packed);

/// A finished part of C, in 32 bits.
struct IntegerTile {
  const int32_t* c;
  int64_t ldc, row, column, rows, columns;
};

struct IntegerOperands {
  /// Writes rows [first, first + count) of A, k bytes each, `stride` apart.
  void (*rows)(const void* context, int64_t first, int64_t count, uint8_t* to, int64_t stride) = nullptr;
  void (*finish)(const void* context, const IntegerTile& tile) = nullptr;
  const void* context = nullptr;
  const void* b = nullptr;                     // packed
  const int32_t* zero_a = nullptr;             // of each row, or of all: as many as zero_a_count says
  const int32_t* zero_b = nullptr;             // of each column, or of all
  int64_t zero_a_count = 0, zero_b_count = 0;  // 0: no zero point
};

struct IntegerKernels;

class IntegerGemm {
 public:
  /// `dot`: with dot products of bytes, where the machine has them.
  void prepare(const IntegerGemmDesc& desc, Isa isa, int threads, bool dot = true);
  size_t scratch_bytes() const { return static_cast<size_t>(threads_) * thread_bytes_; }
  void run(ThreadPool& pool, const IntegerOperands& operands, void* scratch) const;

 private:
  struct Scratch;
  Scratch scratch_of(void* scratch, int thread) const;
  void multiply(const IntegerOperands& o, const Scratch& s, Share rows, Share vecs) const;

  IntegerGemmDesc desc_;
  const IntegerKernels* kernels_ = nullptr;
  int threads_ = 1, row_threads_ = 1;
  int64_t lanes_ = 8, quads_ = 0;
  int64_t strip_ = 1;  // rows that are made at a time
  size_t bytes_row_ = 0, a_row_ = 0, thread_bytes_ = 0;
};

/// One tile of sums: rows of A in groups of four elements, bytes or 16-bit numbers, times `vecs` vectors of
/// columns.
struct IntegerTileArgs {
  const void* a;
  int64_t a_row;    // bytes
  const int8_t* b;  // [quads][V][4], the next vector b_vec bytes further
  int64_t b_vec, quads;
  int32_t* c;
  int64_t c_row;  // elements
};
inline constexpr int kMaxIntegerRows = 12, kMaxIntegerVecs = 2;
struct IntegerKernels {
  bool dot;  // A is in bytes
  int max_rows, max_vecs;
  void (*tile[kMaxIntegerVecs][kMaxIntegerRows])(const IntegerTileArgs& args);  // by vecs - 1, rows - 1
};
/// With dot products where `dot` asks for them and the machine has them.
const IntegerKernels& integer_kernels(Isa isa, bool dot);

}  // namespace ingot::cpu
