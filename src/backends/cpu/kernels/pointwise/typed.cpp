#include "backends/cpu/kernels/pointwise/typed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "backends/cpu/kernels/pointwise/half_casts.h"
#include "base/data_type.h"

namespace ingot::cpu {

namespace baseline {
extern const HalfCasts kHalfCasts;
}
namespace avx2 {
extern const HalfCasts kHalfCasts;
}
namespace avx512 {
extern const HalfCasts kHalfCasts;
}
const HalfCasts& half_casts(Isa isa) { return INGOT_SELECT_ISA(isa, kHalfCasts); }

namespace {

constexpr size_t kMaxOperands = 3;

// Output rows: the last dim, after neighbours that all operands pass in one go have been merged.
class Rows {
 public:
  Rows(const std::vector<int64_t>& dims, std::vector<std::vector<int64_t>> strides) {
    for (size_t d = 0; d < dims.size(); ++d) {
      if (dims[d] == 1) continue;
      bool join = !dims_.empty();
      for (size_t k = 0; join && k < strides.size(); ++k)
        join = strides_[k].back() == strides[k][d] * dims[d];
      if (join)
        dims_.back() *= dims[d];
      else
        dims_.push_back(dims[d]);
      for (size_t k = 0; k < strides.size(); ++k) {
        if (join)
          strides_[k].back() = strides[k][d];
        else
          strides_[k].push_back(strides[k][d]);
      }
    }
    if (dims_.empty()) {
      dims_ = {1};
      for (auto& s : strides_) s = {0};
    }
    count_ = 1;
    for (size_t d = 0; d + 1 < dims_.size(); ++d) count_ *= dims_[d];
  }
  int64_t step(size_t operand) const { return strides_[operand].back(); }

  /// fn(offset of the operands, offset in the output, elements) for pieces of rows, on all threads.
  void run(ThreadPool& pool, FunctionRef<void(const int64_t*, int64_t, int64_t)> fn) const {
    const int64_t length = dims_.back(), pieces = (length + kPiece - 1) / kPiece;
    auto work = [&](int thread, int threads) {
      const Share mine = share(count_ * pieces, thread, threads);
      for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
        const int64_t from = unit % pieces * kPiece, row = unit / pieces;
        int64_t offsets[kMaxOperands], rest = row;
        for (size_t k = 0; k < kMaxOperands; ++k)
          offsets[k] = strides_[k].empty() ? 0 : from * strides_[k].back();
        for (size_t d = dims_.size() - 1; d-- > 0; rest /= dims_[d])
          for (size_t k = 0; k < kMaxOperands; ++k)
            if (!strides_[k].empty()) offsets[k] += rest % dims_[d] * strides_[k][d];
        fn(offsets, row * length + from, std::min(kPiece, length - from));
      }
    };
    if (count_ * length < 8192) return work(0, 1);
    pool.run([&](int thread) { work(thread, pool.size()); });
  }

 private:
  static constexpr int64_t kPiece = 4096;
  std::vector<int64_t> dims_;
  std::vector<int64_t> strides_[kMaxOperands];
  int64_t count_ = 1;
};

// fn on unsigned numbers, where overflow is defined; floats as they are.
template <class T, class F>
T wrapping(T a, T b, F&& fn) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(fn(static_cast<U>(a), static_cast<U>(b)));
  } else {
    return fn(a, b);
  }
}
template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return a / b;
  } else {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1)) return wrapping(T(0), a, [](auto u, auto v) { return u - v; });
    return static_cast<T>(a / b);
  }
}

template <class T>
T modulus(T a, T b) {
  if (b == 0) return 0;
  if constexpr (std::is_signed_v<T>)
    if (b == T(-1)) return 0;
  const T rest = static_cast<T>(a % b);
  return static_cast<T>(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

// The usual cases, dense operands or one that is a number, are loops of their own so that they become
// vectors.
template <class T, class R, class F>
void loop(const T* a, int64_t step_a, const T* b, int64_t step_b, R* y, int64_t n, F&& fn) {
  if (step_a == 1 && step_b == 1)
    for (int64_t i = 0; i < n; ++i) y[i] = fn(a[i], b[i]);
  else if (step_a == 1 && step_b == 0)
    for (int64_t i = 0; i < n; ++i) y[i] = fn(a[i], *b);
  else
    for (int64_t i = 0; i < n; ++i) y[i] = fn(a[i * step_a], b[i * step_b]);
}

template <class T, class F>
bool arithmetic(TypedOp op, F&& use) {
  switch (op) {
    case TypedOp::kAdd:
      return use([](T a, T b) { return wrapping(a, b, [](auto u, auto v) { return u + v; }); }), true;
    case TypedOp::kSub:
      return use([](T a, T b) { return wrapping(a, b, [](auto u, auto v) { return u - v; }); }), true;
    case TypedOp::kMul:
      return use([](T a, T b) { return wrapping(a, b, [](auto u, auto v) { return u * v; }); }), true;
    case TypedOp::kDiv:
      return use([](T a, T b) { return quotient(a, b); }), true;
    case TypedOp::kMod:
      if constexpr (std::is_integral_v<T>) return use([](T a, T b) { return modulus(a, b); }), true;
      return false;
    case TypedOp::kMax:
      return use([](T a, T b) { return a != a || a > b ? a : b; }), true;
    case TypedOp::kMin:
      return use([](T a, T b) { return a != a || a < b ? a : b; }), true;
    default:
      return false;
  }
}
template <class T, class F>
bool comparison(TypedOp op, F&& use) {
  switch (op) {
    case TypedOp::kEqual:
      return use([](T a, T b) { return a == b; }), true;
    case TypedOp::kLess:
      return use([](T a, T b) { return a < b; }), true;
    case TypedOp::kGreater:
      return use([](T a, T b) { return a > b; }), true;
    case TypedOp::kLessEqual:
      return use([](T a, T b) { return a <= b; }), true;
    case TypedOp::kGreaterEqual:
      return use([](T a, T b) { return a >= b; }), true;
    default:
      return false;
  }
}
template <class T, class F>
bool logic(TypedOp op, F&& use) {
  switch (op) {
    case TypedOp::kAnd:
      return use([](T a, T b) { return static_cast<T>(a & b); }), true;
    case TypedOp::kOr:
      return use([](T a, T b) { return static_cast<T>(a | b); }), true;
    case TypedOp::kXor:
      return use([](T a, T b) { return static_cast<T>(a ^ b); }), true;
    default:
      return false;
  }
}

// use(function, C++ type of the result) with the function of `op` on T; false where there is none.
template <class T, class F>
bool with_function(TypedOp op, F&& use) {
  auto same = [&](auto fn) { use(fn, T{}); };
  auto truth = [&](auto fn) { use(fn, bool{}); };
  if (comparison<T>(op, truth)) return true;
  if constexpr (!std::is_same_v<T, bool>)
    if (arithmetic<T>(op, same)) return true;
  if constexpr (std::is_integral_v<T>)
    if (logic<T>(op, same)) return true;
  return false;
}

// fn(C++ value of the type); false for others.
template <class F>
bool with_type(DataType type, F&& fn) {
  switch (type) {
    case DataType::kF32:
      return fn(float{});
    case DataType::kI32:
      return fn(int32_t{});
    case DataType::kI64:
      return fn(int64_t{});
    case DataType::kU8:
      return fn(uint8_t{});
    case DataType::kBool:
      return fn(bool{});
    default:
      return false;
  }
}
template <class F>
bool with_cast_type(DataType type, F&& fn) {
  if (type == DataType::kF64) return fn(double{});
  if (type == DataType::kI8) return fn(int8_t{});
  return with_type(type, fn);
}

template <class To, class From>
To convert(From v) {
  if constexpr (std::is_same_v<To, bool>) {
    return v != From{};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    const auto d = static_cast<double>(v);
    if (std::isnan(d)) return 0;
    const int64_t wide = d >= 0x1p63    ? std::numeric_limits<int64_t>::max()
                         : d <= -0x1p63 ? std::numeric_limits<int64_t>::min()
                                        : static_cast<int64_t>(d);
    return static_cast<To>(wide);
  } else {
    return static_cast<To>(v);
  }
}

}  // namespace

bool typed_binary_supported(TypedOp op, DataType type) {
  return with_type(type, [&](auto t) { return with_function<decltype(t)>(op, [](auto, auto) {}); });
}

void typed_binary(ThreadPool& pool, const TypedBinaryDesc& d, const void* a, const void* b, void* y) {
  const Rows rows(d.dims, {d.a_strides, d.b_strides});
  with_type(d.type, [&](auto t) {
    using T = decltype(t);
    return with_function<T>(d.op, [&](auto fn, auto result) {
      rows.run(pool, [&](const int64_t* offsets, int64_t at, int64_t n) {
        loop(static_cast<const T*>(a) + offsets[0], rows.step(0), static_cast<const T*>(b) + offsets[1],
             rows.step(1), static_cast<decltype(result)*>(y) + at, n, fn);
      });
    });
  });
}

void where(ThreadPool& pool, const WhereDesc& d, const void* condition, const void* a, const void* b,
           void* y) {
  const Rows rows(d.dims, {d.condition_strides, d.a_strides, d.b_strides});
  const int64_t sc = rows.step(0), sa = rows.step(1), sb = rows.step(2);
  auto all = [&](auto t) {
    using T = decltype(t);
    rows.run(pool, [&](const int64_t* offsets, int64_t at, int64_t n) {
      const bool* c = static_cast<const bool*>(condition) + offsets[0];
      const T *pa = static_cast<const T*>(a) + offsets[1], *pb = static_cast<const T*>(b) + offsets[2];
      T* to = static_cast<T*>(y) + at;
      if (sc == 1 && sa == 1 && sb == 1)
        for (int64_t i = 0; i < n; ++i) to[i] = c[i] ? pa[i] : pb[i];
      else
        for (int64_t i = 0; i < n; ++i) to[i] = c[i * sc] ? pa[i * sa] : pb[i * sb];
    });
  };
  if (d.element_size == 1) return all(uint8_t{});
  if (d.element_size == 2) return all(uint16_t{});
  if (d.element_size == 4) return all(uint32_t{});
  all(uint64_t{});
}

bool cast_supported(DataType from, DataType to) {
  auto yes = [](auto) { return true; };
  const auto is_half = [](DataType t) { return t == DataType::kF16 || t == DataType::kBF16; };
  if (is_half(from) || is_half(to)) return from == DataType::kF32 || to == DataType::kF32;
  return with_cast_type(from, yes) && with_cast_type(to, yes);
}

void cast(ThreadPool& pool, Isa isa, DataType from, DataType to, int64_t count, const void* x, void* y) {
  const HalfCasts& halves = half_casts(isa);
  if (from == DataType::kF16) return cast_halves(pool, halves.f16_to_f32, count, x, y);
  if (from == DataType::kBF16) return cast_halves(pool, halves.bf16_to_f32, count, x, y);
  if (to == DataType::kF16) return cast_halves(pool, halves.f32_to_f16, count, x, y);
  if (to == DataType::kBF16) return cast_halves(pool, halves.f32_to_bf16, count, x, y);
  const Rows rows({count}, {{1}});
  with_cast_type(from, [&](auto f) {
    return with_cast_type(to, [&](auto t) {
      rows.run(pool, [&](const int64_t*, int64_t at, int64_t n) {
        const auto* src = static_cast<const decltype(f)*>(x) + at;
        auto* dst = static_cast<decltype(t)*>(y) + at;
        for (int64_t i = 0; i < n; ++i) dst[i] = convert<decltype(t)>(src[i]);
      });
      return true;
    });
  });
}

}  // namespace ingot::cpu
