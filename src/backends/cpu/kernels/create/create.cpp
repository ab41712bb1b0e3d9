#include "backends/cpu/kernels/create/create.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ingot::cpu {
namespace {

template <class F>
void spread(ThreadPool& pool, int64_t units, int64_t bytes, F&& fn) {
  if (bytes < 64 * 1024) return fn(Share{0, units});
  pool.run([&](int thread) { fn(share(units, thread, pool.size())); });
}

// fn(C++ value of the type); false for others.
template <class F>
bool with_type(DataType type, F&& fn) {
  switch (type) {
    case DataType::kF32:
      return fn(float{}), true;
    case DataType::kF64:
      return fn(double{}), true;
    case DataType::kI32:
      return fn(int32_t{}), true;
    case DataType::kI64:
      return fn(int64_t{}), true;
    default:
      return false;
  }
}
// In which sums of T are made: doubles, or integers that may wrap around.
template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

template <class F>
void with_size(int64_t size, F&& fn) {
  if (size == 1) return fn(uint8_t{});
  if (size == 2) return fn(uint16_t{});
  if (size == 4) return fn(uint32_t{});
  fn(uint64_t{});
}

template <class T>
T read(const void* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

}  // namespace

void fill(ThreadPool& pool, int64_t element_size, int64_t count, const void* value, void* y) {
  with_size(element_size, [&](auto type) {
    using T = decltype(type);
    spread(pool, count, count * element_size, [&](Share mine) {
      std::fill(static_cast<T*>(y) + mine.begin, static_cast<T*>(y) + mine.end, read<T>(value));
    });
  });
}

bool range_supported(DataType type) {
  return with_type(type, [](auto) {});
}

int64_t range_size(DataType type, const void* start, const void* limit, const void* delta) {
  double n = -1;
  with_type(type, [&](auto t) {
    using T = decltype(t);
    const auto step = static_cast<double>(read<T>(delta));
    if (step != 0)
      n = std::max(
          0.0, std::ceil((static_cast<double>(read<T>(limit)) - static_cast<double>(read<T>(start))) / step));
  });
  return n >= 0 && n < 0x1p58 ? static_cast<int64_t>(n) : -1;
}

void range(DataType type, int64_t count, const void* start, const void* delta, void* y) {
  with_type(type, [&](auto t) {
    using T = decltype(t);
    const auto first = static_cast<Wide<T>>(read<T>(start)), step = static_cast<Wide<T>>(read<T>(delta));
    for (int64_t i = 0; i < count; ++i)
      static_cast<T*>(y)[i] = static_cast<T>(first + static_cast<Wide<T>>(i) * step);
  });
}

void one_hot(ThreadPool& pool, const OneHotDesc& d, const int64_t* indices, const void* values, void* y) {
  fill(pool, d.element_size, d.outer * d.depth * d.inner, values, y);
  with_size(d.element_size, [&](auto type) {
    using T = decltype(type);
    const T on = read<T>(static_cast<const T*>(values) + 1);
    for (int64_t o = 0; o < d.outer; ++o)
      for (int64_t i = 0; i < d.inner; ++i) {
        const int64_t k = indices[o * d.inner + i];
        if (k >= -d.depth && k < d.depth)
          static_cast<T*>(y)[(o * d.depth + (k < 0 ? k + d.depth : k)) * d.inner + i] = on;
      }
  });
}

void running_sum(ThreadPool& pool, const RunningSumDesc& d, const void* x, void* y) {
  with_type(d.type, [&](auto type) {
    using T = decltype(type);
    const int64_t rows = d.outer * d.inner;
    spread(pool, rows, rows * d.axis * static_cast<int64_t>(sizeof(T)), [&](Share mine) {
      for (int64_t row = mine.begin; row < mine.end; ++row) {
        int64_t at = row / d.inner * d.axis * d.inner + row % d.inner, step = d.inner;
        if (d.reverse) at += (d.axis - 1) * step, step = -step;
        Wide<T> sum = 0;
        for (int64_t k = 0; k < d.axis; ++k, at += step) {
          const Wide<T> next = sum + static_cast<Wide<T>>(static_cast<const T*>(x)[at]);
          static_cast<T*>(y)[at] = static_cast<T>(d.exclusive ? sum : next);
          sum = next;
        }
      }
    });
  });
}

void triangle(ThreadPool& pool, const TriangleDesc& d, const void* x, void* y) {
  const int64_t rows = d.matrices * d.rows, bytes = d.columns * d.element_size;
  const int64_t k = std::clamp(d.k, -d.rows - 1, d.columns + 1);
  spread(pool, rows, rows * bytes, [&](Share mine) {
    for (int64_t r = mine.begin; r < mine.end; ++r) {
      const int64_t cut =
          std::clamp<int64_t>(r % d.rows + k + (d.upper ? 0 : 1), 0, d.columns) * d.element_size;
      const int64_t begin = d.upper ? cut : 0, end = d.upper ? bytes : cut;
      const char* from = static_cast<const char*>(x) + r * bytes;
      char* to = static_cast<char*>(y) + r * bytes;
      std::memset(to, 0, static_cast<size_t>(begin));
      std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
      std::memset(to + end, 0, static_cast<size_t>(bytes - end));
    }
  });
}

}  // namespace ingot::cpu
