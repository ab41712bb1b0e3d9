#include "backends/cpu/kernels/transpose/strided_copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace ingot::cpu {

namespace baseline {
void transpose_matrix(const float*, int64_t, float*, int64_t, int64_t, int64_t);
}
namespace avx2 {
void transpose_matrix(const float*, int64_t, float*, int64_t, int64_t, int64_t);
}
namespace avx512 {
void transpose_matrix(const float*, int64_t, float*, int64_t, int64_t, int64_t);
}
TransposeFunction transpose_function(Isa isa) { return INGOT_SELECT_ISA(isa, transpose_matrix); }

std::vector<int64_t> dense_strides(const std::vector<int64_t>& dims) {
  std::vector<int64_t> strides(dims.size());
  int64_t step = 1;
  for (size_t d = dims.size(); d-- > 0; step *= dims[d]) strides[d] = step;
  return strides;
}

StridedCopyDesc transpose_desc(const std::vector<int64_t>& src_dims, const std::vector<int64_t>& perm,
                               int64_t element_size) {
  const std::vector<int64_t> from = dense_strides(src_dims);
  StridedCopyDesc desc{element_size, {}, {}, {}};
  for (int64_t p : perm) {
    desc.dims.push_back(src_dims[static_cast<size_t>(p)]);
    desc.src_strides.push_back(from[static_cast<size_t>(p)]);
  }
  desc.dst_strides = dense_strides(desc.dims);
  return desc;
}

namespace {

// Dims of 1 dropped, dims in the order of dst's memory, neighbours merged where both sides step through them
// as one.
StridedCopyDesc simplify(const StridedCopyDesc& in) {
  std::vector<size_t> order;
  for (size_t d = 0; d < in.dims.size(); ++d)
    if (in.dims[d] != 1) order.push_back(d);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::abs(in.dst_strides[a]) > std::abs(in.dst_strides[b]);
  });
  StridedCopyDesc out{in.element_size, {}, {}, {}};
  for (size_t d : order) {
    if (!out.dims.empty() && out.src_strides.back() == in.src_strides[d] * in.dims[d] &&
        out.dst_strides.back() == in.dst_strides[d] * in.dims[d]) {
      out.dims.back() *= in.dims[d];
      out.src_strides.back() = in.src_strides[d];
      out.dst_strides.back() = in.dst_strides[d];
    } else {
      out.dims.push_back(in.dims[d]);
      out.src_strides.push_back(in.src_strides[d]);
      out.dst_strides.push_back(in.dst_strides[d]);
    }
  }
  if (out.dims.empty()) out.dims = out.src_strides = out.dst_strides = {1};
  return out;
}

template <class T>
void copy_elements(const char* src, int64_t src_stride, char* dst, int64_t dst_stride, int64_t n) {
  const T* s = reinterpret_cast<const T*>(src);
  T* d = reinterpret_cast<T*>(dst);
  if (src_stride == 0 && dst_stride == 1)
    std::fill_n(d, n, *s);
  else
    for (int64_t i = 0; i < n; ++i) d[i * dst_stride] = s[i * src_stride];
}

template <class T>
void transpose_elements(const char* src, int64_t src_stride, char* dst, int64_t dst_stride, int64_t ni,
                        int64_t nj) {
  constexpr int64_t kTile = 16;  // both sides of a tile stay in the L1 cache
  const T* s = reinterpret_cast<const T*>(src);
  T* d = reinterpret_cast<T*>(dst);
  for (int64_t j0 = 0; j0 < nj; j0 += kTile)
    for (int64_t i0 = 0; i0 < ni; i0 += kTile)
      for (int64_t j = j0; j < std::min(nj, j0 + kTile); ++j)
        for (int64_t i = i0; i < std::min(ni, i0 + kTile); ++i) d[j * dst_stride + i] = s[i * src_stride + j];
}

// fn(TypeTag) for an unsigned type of that size.
template <class F>
void with_size(int64_t size, F&& fn) {
  if (size == 1) return fn(uint8_t{});
  if (size == 2) return fn(uint16_t{});
  if (size == 4) return fn(uint32_t{});
  fn(uint64_t{});
}

constexpr int64_t kPieceBytes = 32 * 1024;

}  // namespace

void StridedCopy::prepare(const StridedCopyDesc& desc, Isa isa) {
  desc_ = simplify(desc);
  isa_ = isa;
  const size_t last = desc_.dims.size() - 1;
  total_ = std::accumulate(desc_.dims.begin(), desc_.dims.end(), int64_t{1},
                           [](int64_t a, int64_t b) { return a * b; });
  inner_ = Inner::kElements;
  outer_dims_ = last;
  if (desc_.src_strides[last] == 1 && desc_.dst_strides[last] == 1) {
    inner_ = Inner::kRow;
  } else if (desc_.dst_strides[last] == 1 && desc_.src_strides[last] != 0) {
    // a plane: dim j runs along src, the last one along dst
    for (size_t j = 0; j < last; ++j) {
      if (desc_.src_strides[j] != 1) continue;
      inner_ = Inner::kPlane;
      outer_dims_ = last - 1;
      for (auto* v : {&desc_.dims, &desc_.src_strides, &desc_.dst_strides})
        std::rotate(v->begin() + static_cast<long>(j), v->begin() + static_cast<long>(j) + 1, v->end() - 1);
      break;
    }
  }
  outer_ = 1;
  for (size_t d = 0; d < outer_dims_; ++d) outer_ *= desc_.dims[d];
  const int64_t cut = desc_.dims[outer_dims_], beside = inner_ == Inner::kPlane ? desc_.dims[last] : 1;
  split_ = std::max<int64_t>(1, kPieceBytes / (desc_.element_size * std::max<int64_t>(1, beside)));
  if (inner_ == Inner::kPlane) split_ = (split_ + 15) / 16 * 16;
  split_ = std::min(split_, std::max<int64_t>(1, cut));
  pieces_ = (cut + split_ - 1) / split_;
}

void StridedCopy::run_share(Share units, const char* src, char* dst) const {
  const int64_t size = desc_.element_size;
  const size_t last = desc_.dims.size() - 1;
  const auto& [ignored, dims, src_strides, dst_strides] = desc_;
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t from = unit % pieces_ * split_, n = std::min(split_, dims[outer_dims_] - from);
    int64_t rest = unit / pieces_, s = from * src_strides[outer_dims_], t = from * dst_strides[outer_dims_];
    for (size_t d = outer_dims_; d-- > 0; rest /= dims[d]) {
      s += rest % dims[d] * src_strides[d];
      t += rest % dims[d] * dst_strides[d];
    }
    const char* p = src + s * size;
    char* q = dst + t * size;
    if (inner_ == Inner::kRow) {
      std::memcpy(q, p, static_cast<size_t>(n * size));
    } else if (inner_ == Inner::kElements) {
      with_size(size,
                [&](auto e) { copy_elements<decltype(e)>(p, src_strides[last], q, dst_strides[last], n); });
    } else if (size == 4) {
      transpose_function(isa_)(reinterpret_cast<const float*>(p), src_strides[last],
                               reinterpret_cast<float*>(q), dst_strides[last - 1], dims[last], n);
    } else {
      with_size(size, [&](auto e) {
        transpose_elements<decltype(e)>(p, src_strides[last], q, dst_strides[last - 1], dims[last], n);
      });
    }
  }
}

void StridedCopy::run(ThreadPool& pool, const void* src, void* dst) const {
  if (total_ == 0) return;
  const auto* from = static_cast<const char*>(src);
  auto* to = static_cast<char*>(dst);
  const int64_t units = outer_ * pieces_;
  if (total_ * desc_.element_size < kPieceBytes) return run_share({0, units}, from, to);
  pool.run([&](int thread) { run_share(share(units, thread, pool.size()), from, to); });
}

}  // namespace ingot::cpu
