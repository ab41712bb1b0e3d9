#include "backends/cpu/kernels/transpose/pad.h"

#include <algorithm>
#include <cstring>

#include "backends/cpu/kernels/transpose/strided_copy.h"

namespace ingot::cpu {
namespace {

int64_t source_index(PadMode mode, int64_t i, int64_t n) {
  if (i >= 0 && i < n) return i;
  switch (mode) {
    case PadMode::kConstant:
      return -1;
    case PadMode::kEdge:
      return std::clamp<int64_t>(i, 0, n - 1);
    case PadMode::kWrap:
      return (i % n + n) % n;
    case PadMode::kReflect: {
      if (n == 1) return 0;
      const int64_t period = 2 * (n - 1), at = (i % period + period) % period;
      return std::min(at, period - at);
    }
  }
  return -1;
}

}  // namespace

void Pad::prepare(const PadDesc& desc) {
  PadDesc d = desc;
  if (d.dims.empty()) d.dims = {1}, d.before = d.after = {0};
  element_size_ = d.element_size;
  src_strides_ = dense_strides(d.dims);
  index_.assign(d.dims.size(), {});
  rows_ = 1;
  for (size_t k = 0; k < d.dims.size(); ++k) {
    const int64_t size = std::max<int64_t>(0, d.before[k] + d.dims[k] + d.after[k]);
    for (int64_t i = 0; i < size; ++i)
      index_[k].push_back(d.dims[k] == 0 ? -1 : source_index(d.mode, i - d.before[k], d.dims[k]));
    if (k + 1 < d.dims.size()) rows_ *= size;
  }
  const auto last = static_cast<int64_t>(index_.back().size());
  copy_from_ = std::clamp<int64_t>(d.before.back(), 0, last);
  copy_to_ = std::clamp<int64_t>(d.before.back() + d.dims.back(), copy_from_, last);
}

template <class T>
void Pad::run_rows(Share rows, const T* src, T value, T* dst) const {
  const std::vector<int64_t>& index = index_.back();
  const auto cols = static_cast<int64_t>(index.size());
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    T* to = dst + row * cols;
    int64_t rest = row, offset = 0;
    bool constant = false;
    for (size_t d = index_.size() - 1; d-- > 0;) {
      const auto size = static_cast<int64_t>(index_[d].size());
      const int64_t i = index_[d][static_cast<size_t>(rest % size)];
      constant |= i < 0;
      offset += i * src_strides_[d];
      rest /= size;
    }
    if (constant) {
      std::fill_n(to, cols, value);
      continue;
    }
    const T* from = src + offset;
    auto by_index = [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        const int64_t i = index[static_cast<size_t>(c)];
        to[c] = i < 0 ? value : from[i];
      }
    };
    by_index(0, copy_from_);
    if (copy_to_ > copy_from_)
      std::memcpy(to + copy_from_, from + index[static_cast<size_t>(copy_from_)],
                  static_cast<size_t>(copy_to_ - copy_from_) * sizeof(T));
    by_index(copy_to_, cols);
  }
}

void Pad::run(ThreadPool& pool, const void* src, const void* value, void* dst) const {
  auto all = [&](auto type) {
    using T = decltype(type);
    T constant{};
    if (value) std::memcpy(&constant, value, sizeof constant);
    auto work = [&](int thread, int threads) {
      run_rows(share(rows_, thread, threads), static_cast<const T*>(src), constant, static_cast<T*>(dst));
    };
    if (rows_ * static_cast<int64_t>(index_.back().size()) < 8192) return work(0, 1);
    pool.run([&](int thread) { work(thread, pool.size()); });
  };
  if (element_size_ == 1) return all(uint8_t{});
  if (element_size_ == 2) return all(uint16_t{});
  if (element_size_ == 4) return all(uint32_t{});
  all(uint64_t{});
}

}  // namespace ingot::cpu
