#include "backends/cpu/kernels/integer/integer_gemm.h"

#include <algorithm>
#include <cstring>

namespace ingot::cpu {

namespace baseline {
extern const IntegerKernels kIntegerPairs;
}
namespace avx2 {
extern const IntegerKernels kIntegerPairs;
}
namespace avx512 {
extern const IntegerKernels kIntegerPairs;
extern const IntegerKernels kIntegerDot;
}  // namespace avx512

const IntegerKernels& integer_kernels(Isa isa, bool dot) {
  if (dot && isa == Isa::avx512 && __builtin_cpu_supports("avx512vnni")) return avx512::kIntegerDot;
  return INGOT_SELECT_ISA(isa, kIntegerPairs);
}

namespace {

constexpr int64_t kStripBytes = 64 << 10;  // of the rows of A that are made at a time
constexpr uint8_t kSign = 0x80;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }

}  // namespace

int64_t packed_integer_b_bytes(int64_t n, int64_t k, Isa isa) {
  return round_up(n, block_of(isa)) * (round_up(k, 4) + 4);
}

void pack_integer_b(const void* b, bool is_signed, int64_t ldb, bool trans_b, int64_t n, int64_t k, Isa isa,
                    void* packed) {
  const int64_t lanes = block_of(isa), columns = round_up(n, lanes), quads = divide_up(k, 4);
  const auto* from = static_cast<const uint8_t*>(b);
  auto* to = static_cast<int8_t*>(packed);
  auto* sums = reinterpret_cast<int32_t*>(to + columns * quads * 4);
  const uint8_t flip = is_signed ? 0 : kSign;
  std::memset(packed, 0, static_cast<size_t>(packed_integer_b_bytes(n, k, isa)));
  for (int64_t j = 0; j < n; ++j) {
    int8_t* column = to + j / lanes * quads * lanes * 4 + j % lanes * 4;
    int32_t sum = 0;
    for (int64_t i = 0; i < k; ++i) {
      const auto v = static_cast<int8_t>(from[trans_b ? j * ldb + i : i * ldb + j] ^ flip);
      column[i / 4 * lanes * 4 + i % 4] = v;
      sum += v;
    }
    sums[j] = sum;
  }
}

struct IntegerGemm::Scratch {
  uint8_t* bytes;  // rows of A as they are made
  int16_t* wide;   // and widened, where that is what tiles read
  int32_t* sums;   // of A's rows
  int32_t* c;      // [strip, columns of a tile]
};

void IntegerGemm::prepare(const IntegerGemmDesc& desc, Isa isa, int threads, bool dot) {
  desc_ = desc;
  kernels_ = &integer_kernels(isa, dot);
  threads_ = threads;
  lanes_ = block_of(isa);
  quads_ = divide_up(desc.k, 4);
  bytes_row_ = static_cast<size_t>(round_up(quads_ * 4, 64));
  a_row_ = kernels_->dot ? bytes_row_ : 2 * bytes_row_;
  if (a_row_ % 4096 == 0) a_row_ += 64;  // rows must not share the sets of the first cache
  if (kernels_->dot) bytes_row_ = a_row_;
  // Rows are shared where there are enough of them, so that each is made once; otherwise columns.
  row_threads_ = desc.m >= 4 * threads ? threads : 1;
  const int64_t most = kernels_->max_rows, each = divide_up(desc.m, row_threads_);
  strip_ = std::clamp(kStripBytes / static_cast<int64_t>(a_row_) / most * most, most,
                      round_up(std::max<int64_t>(1, each), most));
  const auto rows = static_cast<size_t>(strip_);
  thread_bytes_ = rows * bytes_row_ + (kernels_->dot ? 0 : rows * a_row_) +
                  static_cast<size_t>(round_up(strip_, 16)) * 4 +
                  rows * static_cast<size_t>(lanes_ * kMaxIntegerVecs) * 4;
  thread_bytes_ = (thread_bytes_ + 63) / 64 * 64;
}

IntegerGemm::Scratch IntegerGemm::scratch_of(void* scratch, int thread) const {
  auto* at = static_cast<uint8_t*>(scratch) + static_cast<size_t>(thread) * thread_bytes_;
  const auto rows = static_cast<size_t>(strip_);
  Scratch s{};
  s.bytes = at;
  at += rows * bytes_row_;
  s.wide = reinterpret_cast<int16_t*>(at);
  if (!kernels_->dot) at += rows * a_row_;
  s.c = reinterpret_cast<int32_t*>(at);
  s.sums = s.c + strip_ * lanes_ * kMaxIntegerVecs;
  return s;
}

void IntegerGemm::multiply(const IntegerOperands& o, const Scratch& s, Share rows, Share vecs) const {
  const auto* b = static_cast<const int8_t*>(o.b);
  const auto* column_sums = reinterpret_cast<const int32_t*>(b + round_up(desc_.n, lanes_) * quads_ * 4);
  const int32_t shift_a = desc_.signed_a ? 128 : 0, shift_b = desc_.signed_b ? 0 : -128;
  const auto zero_a = [&](int64_t row) {
    return (o.zero_a_count == 0 ? 0 : o.zero_a[o.zero_a_count == 1 ? 0 : row]) + shift_a;
  };
  const auto zero_b = [&](int64_t column) {
    return (o.zero_b_count == 0 ? 0 : o.zero_b[o.zero_b_count == 1 ? 0 : column]) + shift_b;
  };
  const int64_t width = kernels_->max_vecs * lanes_, depth = quads_ * 4;
  for (int64_t first = rows.begin; first < rows.end; first += strip_) {
    const int64_t count = std::min(strip_, rows.end - first);
    o.rows(o.context, first, count, s.bytes, static_cast<int64_t>(bytes_row_));
    for (int64_t r = 0; r < count; ++r) {
      uint8_t* row = s.bytes + static_cast<size_t>(r) * bytes_row_;
      std::fill(row + desc_.k, row + depth, desc_.signed_a ? kSign : uint8_t{0});
      int32_t sum = 0;
      const uint8_t flip = desc_.signed_a ? kSign : 0;
      for (int64_t i = 0; i < depth; ++i) {
        row[i] ^= flip;
        sum += row[i];
      }
      s.sums[r] = sum;
      if (kernels_->dot) continue;
      int16_t* wide = s.wide + static_cast<size_t>(r) * (a_row_ / 2);
      for (int64_t i = 0; i < depth; ++i) wide[i] = row[i];
    }
    const int tiles = static_cast<int>(divide_up(count, kernels_->max_rows));
    for (int64_t vec = vecs.begin; vec < vecs.end; vec += kernels_->max_vecs) {
      const int v = static_cast<int>(std::min<int64_t>(kernels_->max_vecs, vecs.end - vec));
      const int64_t column = vec * lanes_, columns = std::min<int64_t>(desc_.n - column, v * lanes_);
      for (int tile = 0; tile < tiles; ++tile) {
        const Share part = share(count, tile, tiles);
        IntegerTileArgs t{};
        t.a = (kernels_->dot ? static_cast<const void*>(s.bytes) : s.wide);
        t.a = static_cast<const uint8_t*>(t.a) + static_cast<size_t>(part.begin) * a_row_;
        t.a_row = static_cast<int64_t>(a_row_);
        t.b = b + vec * quads_ * lanes_ * 4;
        t.b_vec = quads_ * lanes_ * 4;
        t.quads = quads_;
        t.c = s.c + part.begin * width;
        t.c_row = width;
        kernels_->tile[v - 1][part.end - part.begin - 1](t);
      }
      // sum (a - za) (b - zb) = sum ab - za sum b - zb sum a + k za zb; behind the depth both are 0
      for (int64_t r = 0; r < count; ++r) {
        int32_t* c = s.c + r * width;
        // Modulo 2^32: the parts may leave the range in which the result is.
        const auto za = static_cast<uint32_t>(zero_a(first + r)),
                   sum_a = static_cast<uint32_t>(s.sums[r]) - static_cast<uint32_t>(desc_.k) * za;
        for (int64_t j = 0; j < columns; ++j)
          c[j] = static_cast<int32_t>(static_cast<uint32_t>(c[j]) -
                                      za * static_cast<uint32_t>(column_sums[column + j]) -
                                      static_cast<uint32_t>(zero_b(column + j)) * sum_a);
      }
      o.finish(o.context, {s.c, width, first, column, count, columns});
    }
  }
}

void IntegerGemm::run(ThreadPool& pool, const IntegerOperands& operands, void* scratch) const {
  if (desc_.m == 0 || desc_.n == 0) return;
  const int64_t vecs = divide_up(desc_.n, lanes_), step = kernels_->max_vecs;
  pool.run([&](int thread) {
    const Scratch own = scratch_of(scratch, thread);
    if (row_threads_ > 1 || threads_ == 1)
      return multiply(operands, own, share(desc_.m, thread, threads_), {0, vecs});
    const Share part = share(divide_up(vecs, step), thread, threads_);
    multiply(operands, own, {0, desc_.m}, {part.begin * step, std::min(vecs, part.end * step)});
  });
}

}  // namespace ingot::cpu
