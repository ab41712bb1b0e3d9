// Matrix products: C = clamp(A B + bias + residual), batched, row-major, on the tile kernels.
#pragma once

#include <string>
#include <vector>

#include "backends/cpu/kernels/gemm/panel.h"

namespace ingot::cpu {

/// Sizes and strides in floats. A is [m, k], or [k, m] with trans_a; B is [k, n], or [n, k] with trans_b.
struct GemmDesc {
  int64_t m = 0, n = 0, k = 0;
  int64_t lda = 0, ldb = 0, ldc = 0, ld_residual = 0;
  bool trans_a = false, trans_b = false;
  bool b_packed = false;  // B comes from pack_gemm_b, ldb and trans_b are those of the original
  bool clamp = false;
  float lo = 0, hi = 0;
  // Batch dimensions, outermost first, and how far apart their matrices lie; stride 0 broadcasts.
  std::vector<int64_t> batch, a_batch, b_batch, c_batch, residual_batch;
};

/// What may be chosen without changing the result's meaning. Zero means: choose.
struct GemmTuning {
  int rows = 0, vecs = 0;  // the tile
  int64_t k_block = 0;     // k's that one panel of B has
  int m_threads = 0;       // threads along m; the others lie along n
  int pack_a = -1;         // 1: copy A to rows that do not share cache sets
  bool operator==(const GemmTuning&) const = default;
};

/// Packed B: [n / V][k][V], zeros where n ends. Plain enough to be unpacked again.
int64_t packed_gemm_b_floats(int64_t n, int64_t k, Isa isa);
void pack_gemm_b(const float* b, int64_t ldb, bool trans_b, int64_t n, int64_t k, Isa isa, float* packed);

/// A finished part of the result, still in the first cache, for an epilogue that the tile kernels do not
/// have.
struct GemmTile {
  float* c;
  int64_t ldc, batch, row, column, rows, columns;
};
struct GemmPost {
  void (*run)(const void* context, const GemmTile& tile) = nullptr;
  const void* context = nullptr;
};

struct GemmBuffers {
  const float* a = nullptr;
  const float* b = nullptr;         // packed where the description says so
  const float* bias = nullptr;      // [n] or null
  const float* residual = nullptr;  // may be c
  float* c = nullptr;
  float* scratch = nullptr;  // Gemm::scratch_floats(), 64-byte aligned
  GemmPost post = {};
};

/// A product made ready for its shapes and thread count. Immutable after construction.
class Gemm {
 public:
  Gemm(const GemmDesc& desc, Isa isa, const GemmTuning& tuning, int threads);
  int64_t scratch_floats() const { return packed_a_floats_ + packed_b_floats_; }
  const GemmTuning& tuning() const { return tuning_; }  // all chosen
  /// The pool has the thread count given at construction. Allocates nothing.
  void run(ThreadPool& pool, const GemmBuffers& buffers) const;

 private:
  struct Operands;
  struct Position;
  struct Batch {
    int64_t a, b, c, residual;  // offsets
    int64_t a_index, b_index;   // which distinct matrix
  };
  void choose(const GemmTuning& wanted);
  void set_batch_offsets();
  void pack(const GemmBuffers& buffers, int thread) const;
  void pack_a(const float* from, float* to, Share rows) const;
  void pack_b(const float* from, float* to, Share vecs) const;
  float* packed_a(const GemmBuffers& buffers, const Batch& batch) const;
  float* packed_b(const GemmBuffers& buffers, const Batch& batch) const;
  void multiply(const Operands& o, Share rows, Share vecs) const;
  void multiply_panel(const Operands& o, const Position& at) const;

  GemmDesc desc_;
  const TileKernels& kernels_;
  int threads_;
  GemmTuning tuning_;
  int batch_threads_ = 1, m_threads_ = 1, n_threads_ = 1;
  int64_t batches_ = 1;
  int64_t a_matrices_ = 1, b_matrices_ = 1;  // distinct ones
  int64_t packed_lda_ = 0, packed_a_floats_ = 0, packed_b_floats_ = 0;
  std::vector<Batch> offsets_;
};

/// "gemm_f32_14x2__avx512"
std::string gemm_name(const GemmTuning& tuning, Isa isa);
/// What is worth timing, best guess first.
std::vector<GemmTuning> gemm_candidates(const GemmDesc& desc, Isa isa, int threads);

}  // namespace ingot::cpu
