#include "ops/strided.h"

namespace ingot::ops {

Walk make_walk(const Dims& shape, const std::vector<Dims>& strides) {
  Walk w{{}, std::vector<Dims>(strides.size())};
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    bool merges = !w.shape.empty();
    for (size_t k = 0; merges && k < strides.size(); ++k)
      merges = w.strides[k].back() == strides[k][d] * shape[d];
    if (merges) {
      w.shape.back() *= shape[d];
      for (size_t k = 0; k < strides.size(); ++k) w.strides[k].back() = strides[k][d];
    } else {
      w.shape.push_back(shape[d]);
      for (size_t k = 0; k < strides.size(); ++k) w.strides[k].push_back(strides[k][d]);
    }
  }
  if (w.shape.empty()) {
    w.shape.push_back(1);
    for (Dims& s : w.strides) s.push_back(1);
  }
  return w;
}

void for_each_row(const Walk& walk, FunctionRef<void(const Dims&, int64_t)> fn) {
  const size_t rank = walk.shape.size(), operands = walk.strides.size();
  if (num_elements(walk.shape) == 0) return;
  Dims offsets(operands, 0), index(rank, 0);
  while (true) {
    fn(offsets, walk.shape.back());
    size_t d = rank - 1;
    for (; d > 0; --d) {
      for (size_t k = 0; k < operands; ++k) offsets[k] += walk.strides[k][d - 1];
      if (++index[d - 1] < walk.shape[d - 1]) break;
      for (size_t k = 0; k < operands; ++k) offsets[k] -= walk.strides[k][d - 1] * walk.shape[d - 1];
      index[d - 1] = 0;
    }
    if (d == 0) return;
  }
}

Dims dense_strides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * dims[d];
  return strides;
}

namespace {

template <class T>
void copy_elements(void* dst, const void* src, const Walk& walk) {
  const int64_t to = walk.strides[0].back(), from = walk.strides[1].back();
  for_each_row(walk, [&](const Dims& offsets, int64_t count) {
    T* d = static_cast<T*>(dst) + offsets[0];
    const T* s = static_cast<const T*>(src) + offsets[1];
    if (to == 1 && from == 1)
      copy_bytes(d, s, count * static_cast<int64_t>(sizeof(T)));
    else
      for (int64_t i = 0; i < count; ++i) d[i * to] = s[i * from];
  });
}

}  // namespace

void copy_strided(void* dst, const Dims& dst_strides, const void* src, const Dims& src_strides,
                  const Dims& shape, int64_t size) {
  const Walk walk = make_walk(shape, {dst_strides, src_strides});
  if (size == 1) copy_elements<uint8_t>(dst, src, walk);
  if (size == 2) copy_elements<uint16_t>(dst, src, walk);
  if (size == 4) copy_elements<uint32_t>(dst, src, walk);
  if (size == 8) copy_elements<uint64_t>(dst, src, walk);
}

Result<int64_t> element_bytes(const TensorView& t) {
  const int bits = bit_width(t.dtype);
  if (bits < 8)
    return unsupported("elements of type ", data_type_name(t.dtype), " cannot be moved one by one");
  return bits / 8;
}

AxisSplit split_at(const Dims& dims, int axis) {
  AxisSplit s;
  for (size_t d = 0; d < dims.size(); ++d) {
    int64_t& part = d < static_cast<size_t>(axis) ? s.outer : d == static_cast<size_t>(axis) ? s.n : s.inner;
    part *= dims[d];
  }
  return s;
}

}  // namespace ingot::ops
