#include "backends/cpu/kernels/reduce/reduce.h"

#include <algorithm>
#include <cmath>

namespace ingot::cpu {

namespace baseline {
extern const ReduceKernels kReduce;
}
namespace avx2 {
extern const ReduceKernels kReduce;
}
namespace avx512 {
extern const ReduceKernels kReduce;
}
const ReduceKernels& reduce_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kReduce); }

namespace {

constexpr int64_t kColumns = 256;  // of a unit of work

// How the first pass joins the elements, and how later ones join its results.
Join first_join(ReduceOp op) {
  switch (op) {
    case ReduceOp::kMax:
      return Join::kMax;
    case ReduceOp::kMin:
      return Join::kMin;
    case ReduceOp::kProduct:
      return Join::kProduct;
    case ReduceOp::kSumSquares:
    case ReduceOp::kL2:
      return Join::kSumSquares;
    case ReduceOp::kL1:
      return Join::kSumMagnitudes;
    default:
      return Join::kSum;
  }
}
Join later_join(Join first) {
  return first == Join::kSumSquares || first == Join::kSumMagnitudes ? Join::kSum : first;
}

float finish(ReduceOp op, float v, int64_t count) {
  if (op == ReduceOp::kMean) return v / static_cast<float>(count);
  if (op == ReduceOp::kL2) return std::sqrt(v);
  return op == ReduceOp::kLogSum ? std::log(v) : v;
}

}  // namespace

void Reduce::prepare(const ReduceDesc& desc, Isa isa) {
  op_ = desc.op;
  isa_ = isa;
  struct Dim {
    int64_t size;
    bool reduced;
  };
  std::vector<Dim> dims;
  count_ = 1;
  for (size_t d = 0; d < desc.dims.size(); ++d) {
    if (desc.reduced[d]) count_ *= desc.dims[d];
    if (desc.dims[d] == 1) continue;
    if (!dims.empty() && dims.back().reduced == desc.reduced[d])
      dims.back().size *= desc.dims[d];
    else
      dims.push_back({desc.dims[d], desc.reduced[d]});
  }
  passes_.clear();
  scratch_floats_ = 0;
  for (size_t d = dims.size(); d-- > 0;) {
    if (!dims[d].reduced) continue;
    Pass pass{1, dims[d].size, 1};
    for (size_t k = 0; k < d; ++k) pass.outer *= dims[k].size;
    for (size_t k = d + 1; k < dims.size(); ++k)
      if (!dims[k].reduced) pass.inner *= dims[k].size;
    if (!passes_.empty()) scratch_floats_ += passes_.back().outer * passes_.back().inner;
    passes_.push_back(pass);
  }
  if (passes_.empty()) {  // nothing but dims of 1 is reduced
    int64_t size = 1;
    for (const Dim& dim : dims) size *= dim.size;
    passes_.push_back({size, 1, 1});
  }
}

void Reduce::run(ThreadPool& pool, const float* x, float* y, void* scratch) const {
  const ReduceKernels& kernels = reduce_kernels(isa_);
  const Join first = first_join(op_);
  float* next = static_cast<float*>(scratch);
  for (size_t p = 0; p < passes_.size(); ++p) {
    const auto [outer, n, inner] = passes_[p];
    const bool last = p + 1 == passes_.size();
    float* to = last ? y : next;
    const int join = static_cast<int>(p == 0 ? first : later_join(first));
    const int64_t groups = (inner + kColumns - 1) / kColumns;
    auto work = [&, from = x, n = n, inner = inner](Share mine) {
      for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
        const int64_t column = unit % groups * kColumns, o = unit / groups,
                      count = std::min(kColumns, inner - column);
        const float* start = from + o * n * inner + column;
        float* out = to + o * inner + column;
        if (op_ == ReduceOp::kLogSumExp)
          for (int64_t c = 0; c < count; ++c) out[c] = kernels.log_sum_exp(start + c, n, inner);
        else if (inner == 1)
          *out = kernels.row[join](start, n);
        else
          kernels.columns[join](start, n, inner, count, out);
        for (int64_t c = 0; last && c < count; ++c) out[c] = finish(op_, out[c], count_);
      }
    };
    if (outer * n * inner < 8192)
      work({0, outer * groups});
    else
      pool.run([&, outer = outer](int thread) { work(share(outer * groups, thread, pool.size())); });
    x = to;
    if (!last) next += outer * inner;
  }
}

void arg_extreme(ThreadPool& pool, const ArgExtremeDesc& d, const float* x, int64_t* y) {
  auto beats = [&](float a, float b) {
    if (std::isnan(b)) return d.last && std::isnan(a);
    if (std::isnan(a)) return true;
    return d.smallest ? (d.last ? a <= b : a < b) : (d.last ? a >= b : a > b);
  };
  auto work = [&](Share mine) {
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      const float* from = x + unit / d.inner * d.axis * d.inner + unit % d.inner;
      int64_t best = 0;
      for (int64_t i = 1; i < d.axis; ++i)
        if (beats(from[i * d.inner], from[best * d.inner])) best = i;
      y[unit] = best;
    }
  };
  const int64_t units = d.outer * d.inner;
  if (units * d.axis < 8192) return work({0, units});
  pool.run([&](int thread) { work(share(units, thread, pool.size())); });
}

}  // namespace ingot::cpu
