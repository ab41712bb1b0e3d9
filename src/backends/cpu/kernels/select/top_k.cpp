#include "backends/cpu/kernels/select/top_k.h"

#include <algorithm>
#include <functional>

#include "backends/cpu/kernels/select/sort_key.h"

namespace ingot::cpu {
namespace {

__extension__ typedef unsigned __int128 Wide;

// An element's key above the complement of its index: the larger of two is the one that comes first.
template <class T>
using Entry = std::conditional_t<sizeof(T) <= 4, uint64_t, Wide>;

template <class T>
void top_of_row(const TopKDesc& d, int64_t k, const T* x, T* y, int64_t* indices, Entry<T>* entries) {
  for (int64_t i = 0; i < d.axis; ++i) {
    const auto key = sort_key(x[i * d.inner]);
    entries[i] = static_cast<Entry<T>>(d.largest ? key : ~key) << 32 | static_cast<uint32_t>(~i);
  }
  if (k < d.axis) std::nth_element(entries, entries + k, entries + d.axis, std::greater<>());
  std::sort(entries, entries + k, std::greater<>());
  for (int64_t j = 0; j < k; ++j) {
    const int64_t i = static_cast<uint32_t>(~static_cast<uint32_t>(entries[j]));
    if (y != nullptr) y[j * d.inner] = x[i * d.inner];
    if (indices != nullptr) indices[j * d.inner] = i;
  }
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
    case DataType::kI8:
      return fn(int8_t{}), true;
    case DataType::kU8:
      return fn(uint8_t{}), true;
    default:
      return false;
  }
}

int64_t entry_bytes(const TopKDesc& d) {
  return d.axis * static_cast<int64_t>(bit_width(d.type) <= 32 ? sizeof(uint64_t) : sizeof(Wide));
}

}  // namespace

bool top_k_supported(DataType type) {
  return with_type(type, [](auto) {});
}

size_t top_k_scratch_bytes(const TopKDesc& desc, int threads) {
  return static_cast<size_t>(entry_bytes(desc) * threads);
}

void top_k(ThreadPool& pool, const TopKDesc& d, int64_t k, const void* x, void* y, int64_t* indices,
           void* scratch) {
  if (k == 0) return;
  auto work = [&](int thread, int threads) {
    const Share rows = share(d.outer * d.inner, thread, threads);
    char* own = static_cast<char*>(scratch) + thread * entry_bytes(d);
    with_type(d.type, [&](auto type) {
      using T = decltype(type);
      for (int64_t row = rows.begin; row < rows.end; ++row) {
        const int64_t o = row / d.inner, i = row % d.inner, to = o * k * d.inner + i;
        top_of_row(d, k, static_cast<const T*>(x) + o * d.axis * d.inner + i,
                   y == nullptr ? nullptr : static_cast<T*>(y) + to,
                   indices == nullptr ? nullptr : indices + to, reinterpret_cast<Entry<T>*>(own));
      }
    });
  };
  const int64_t rows = d.outer * d.inner;
  if (rows == 1 || rows * d.axis < 4096) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace ingot::cpu
