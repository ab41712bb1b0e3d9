#include "backends/cpu/kernels/gather/gather.h"

#include <algorithm>
#include <cstring>

namespace ingot::cpu {
namespace {

Status check_range(const int64_t* indices, int64_t count, int64_t stride, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t v = indices[i * stride];
    if (v < -limit || v >= limit)
      return invalid_argument("index ", v, " at position ", i, " is outside a dim of ", limit);
  }
  return {};
}
int64_t wrap(int64_t index, int64_t limit) { return index < 0 ? index + limit : index; }

template <class F>
void spread(ThreadPool& pool, int64_t units, int64_t bytes, F&& fn) {
  auto work = [&](int thread, int threads) {
    const Share mine = share(units, thread, threads);
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) fn(unit);
  };
  if (bytes < 64 * 1024) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

int64_t count_of(const std::vector<int64_t>& dims) {
  int64_t count = 1;
  for (int64_t d : dims) count *= d;
  return count;
}

// The byte offsets that the elements of an index tensor of gather_elements name.
class ElementOffsets {
 public:
  ElementOffsets(const GatherElementsDesc& d, const int64_t* indices) : d_(d), indices_(indices) {}
  int64_t operator()(int64_t i) const {
    int64_t rest = i, offset = 0, stride = 1;
    for (size_t k = d_.x_dims.size(); k-- > 0;) {
      const int64_t at =
          static_cast<int64_t>(k) == d_.axis ? wrap(indices_[i], d_.x_dims[k]) : rest % d_.index_dims[k];
      offset += at * stride;
      stride *= d_.x_dims[k];
      rest /= d_.index_dims[k];
    }
    return offset * d_.element_size;
  }

 private:
  const GatherElementsDesc& d_;
  const int64_t* indices_;
};

Status check_tuples(const GatherNdDesc& d, const int64_t* indices) {
  const auto depth = static_cast<int64_t>(d.dims.size());
  for (int64_t k = 0; k < depth; ++k)
    INGOT_RETURN_IF_ERROR(
        check_range(indices + k, d.batch * d.tuples, depth, d.dims[static_cast<size_t>(k)]));
  return {};
}
int64_t tuple_offset(const GatherNdDesc& d, const int64_t* indices, int64_t tuple) {
  int64_t offset = tuple / d.tuples;  // the batch
  const auto depth = static_cast<int64_t>(d.dims.size());
  for (int64_t k = 0; k < depth; ++k) {
    const int64_t limit = d.dims[static_cast<size_t>(k)];
    offset = offset * limit + wrap(indices[tuple * depth + k], limit);
  }
  return offset * d.inner_bytes;
}

void put(ScatterMode mode, const char* from, char* to, int64_t bytes) {
  if (mode == ScatterMode::kReplace) {
    std::memcpy(to, from, static_cast<size_t>(bytes));
    return;
  }
  const auto* u = reinterpret_cast<const float*>(from);
  auto* y = reinterpret_cast<float*>(to);
  for (int64_t i = 0; i < bytes / 4; ++i)
    y[i] = mode == ScatterMode::kAdd   ? y[i] + u[i]
           : mode == ScatterMode::kMul ? y[i] * u[i]
           : mode == ScatterMode::kMin ? std::min(y[i], u[i])
                                       : std::max(y[i], u[i]);
}

}  // namespace

Status gather(ThreadPool& pool, const GatherDesc& d, const void* x, const int64_t* indices, void* y) {
  INGOT_RETURN_IF_ERROR(check_range(indices, d.indices, 1, d.axis));
  const auto* from = static_cast<const char*>(x);
  auto* to = static_cast<char*>(y);
  const auto bytes = static_cast<size_t>(d.inner_bytes);
  spread(pool, d.outer * d.indices, d.outer * d.indices * d.inner_bytes, [&](int64_t unit) {
    const int64_t slice = unit / d.indices * d.axis + wrap(indices[unit % d.indices], d.axis);
    if (bytes == 4)  // known sizes need no call
      std::memcpy(to + unit * 4, from + slice * 4, 4);
    else if (bytes == 8)
      std::memcpy(to + unit * 8, from + slice * 8, 8);
    else
      std::memcpy(to + unit * d.inner_bytes, from + slice * d.inner_bytes, bytes);
  });
  return {};
}

Status gather_elements(ThreadPool& pool, const GatherElementsDesc& d, const void* x, const int64_t* indices,
                       void* y) {
  const int64_t count = count_of(d.index_dims);
  INGOT_RETURN_IF_ERROR(check_range(indices, count, 1, d.x_dims[static_cast<size_t>(d.axis)]));
  const ElementOffsets offset(d, indices);
  spread(pool, count, count * 16, [&](int64_t i) {
    std::memcpy(static_cast<char*>(y) + i * d.element_size, static_cast<const char*>(x) + offset(i),
                static_cast<size_t>(d.element_size));
  });
  return {};
}

Status gather_nd(ThreadPool& pool, const GatherNdDesc& d, const void* x, const int64_t* indices, void* y) {
  INGOT_RETURN_IF_ERROR(check_tuples(d, indices));
  spread(pool, d.batch * d.tuples, d.batch * d.tuples * d.inner_bytes, [&](int64_t tuple) {
    std::memcpy(static_cast<char*>(y) + tuple * d.inner_bytes,
                static_cast<const char*>(x) + tuple_offset(d, indices, tuple),
                static_cast<size_t>(d.inner_bytes));
  });
  return {};
}

Status scatter_nd(const GatherNdDesc& d, ScatterMode mode, const int64_t* indices, const void* updates,
                  void* y) {
  INGOT_RETURN_IF_ERROR(check_tuples(d, indices));
  for (int64_t tuple = 0; tuple < d.batch * d.tuples; ++tuple)
    put(mode, static_cast<const char*>(updates) + tuple * d.inner_bytes,
        static_cast<char*>(y) + tuple_offset(d, indices, tuple), d.inner_bytes);
  return {};
}

Status scatter_elements(const GatherElementsDesc& d, ScatterMode mode, const int64_t* indices,
                        const void* updates, void* y) {
  const int64_t count = count_of(d.index_dims);
  INGOT_RETURN_IF_ERROR(check_range(indices, count, 1, d.x_dims[static_cast<size_t>(d.axis)]));
  const ElementOffsets offset(d, indices);
  for (int64_t i = 0; i < count; ++i)
    put(mode, static_cast<const char*>(updates) + i * d.element_size, static_cast<char*>(y) + offset(i),
        d.element_size);
  return {};
}

}  // namespace ingot::cpu
