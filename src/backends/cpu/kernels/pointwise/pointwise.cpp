#include "backends/cpu/kernels/pointwise/pointwise.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace ingot::cpu {
namespace {

constexpr int64_t kMinInner = 256;  // elements in a row: fewer, and calls cost more than their work

int64_t product(const std::vector<int64_t>& dims, size_t from, size_t to) {
  return std::accumulate(dims.begin() + static_cast<long>(from), dims.begin() + static_cast<long>(to),
                         int64_t{1}, std::multiplies<>());
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Drops dims of 1 and merges neighbours through which every input steps as through one dim. Dims before
// `fixed` stay.
void merge_dims(std::vector<int64_t>& dims, std::vector<std::vector<int64_t>*>& strides, size_t fixed) {
  for (size_t d = dims.size(); d-- > fixed;) {
    if (dims.size() == fixed + 1) break;
    const bool last = d + 1 == dims.size();
    const bool drop = dims[d] == 1;
    bool join = !last && !drop;
    for (const auto* s : strides) join = join && (*s)[d] == (*s)[d + 1] * dims[d + 1];
    if (!drop && !join) continue;
    const auto at = static_cast<long>(d);
    if (join) dims[d + 1] *= dims[d];
    dims.erase(dims.begin() + at);
    for (auto* s : strides) s->erase(s->begin() + at);
  }
}

}  // namespace

void Pointwise::classify(Input& input) const {
  int64_t dense = 1;
  bool is_dense = true, is_number = true;
  for (size_t d = dims_.size(); d-- > inner_from_;) {
    is_dense = is_dense && (input.strides[d] == dense || dims_[d] == 1);
    is_number = is_number && (input.strides[d] == 0 || dims_[d] == 1);
    dense *= dims_[d];
  }
  const size_t last = dims_.size() - 1;
  const bool repeats =
      dims_.size() - inner_from_ == 2 && input.strides[last] == 1 && input.strides[last - 1] == 0;
  if (is_number)
    input.access = Access::kNumber;
  else if (is_dense)
    input.access = Access::kDense;
  else if (repeats && dims_[last] == block_)
    input.access = Access::kLanes;
  else
    input.access = repeats && chunk_ % dims_[last] == 0 ? Access::kPeriodic : Access::kGather;
}

void Pointwise::prepare(const PointwiseDesc& desc, Isa isa, int threads) {
  threads_ = threads;
  block_ = block_of(isa);
  program_.clear();
  program_.emplace_back(desc.program, isa);
  dims_ = desc.dims;
  inputs_.clear();
  for (const auto& strides : desc.input_strides) inputs_.push_back({Access::kGather, strides, 0});
  if (dims_.empty()) {
    dims_ = {1};
    for (Input& input : inputs_) input.strides = {0};
  }

  lanes_ = dims_.back();
  tail_ = desc.channels > 0 && program_[0].may_leave_numbers() ? desc.channels % lanes_ : 0;
  const size_t fixed = tail_ > 0 ? 2 : 0;  // the channel blocks are then walked one by one
  if (tail_ > 0) blocks_ = dims_[1];
  std::vector<std::vector<int64_t>*> strides;
  for (Input& input : inputs_) strides.push_back(&input.strides);
  merge_dims(dims_, strides, fixed);

  if (product(dims_, 0, dims_.size()) == 0) {  // nothing to do
    outer_ = inner_ = chunks_ = 0;
    inputs_.clear();
    return;
  }
  inner_from_ = dims_.size() - 1;
  while (inner_from_ > fixed && product(dims_, inner_from_, dims_.size()) < kMinInner) --inner_from_;
  if (fixed) inner_from_ = fixed;
  outer_ = product(dims_, 0, inner_from_);
  inner_ = product(dims_, inner_from_, dims_.size());
  const int64_t period = tail_ > 0 ? lanes_ : dims_.back();
  // Chunks are whole periods or vectors, and of one size.
  const int64_t unit = period < VectorProgram::kBlock ? period : block_;
  chunk_ = VectorProgram::kBlock / unit * unit;
  chunks_ = ceil_div(inner_, chunk_);
  chunk_ = ceil_div(ceil_div(inner_, chunks_), unit) * unit;

  scratch_floats_ = program_[0].scratch_floats();
  for (Input& input : inputs_) {
    classify(input);
    if (input.access != Access::kPeriodic && input.access != Access::kGather) continue;
    input.buffer = scratch_floats_;
    scratch_floats_ += VectorProgram::kBlock;
  }
}

int64_t Pointwise::offset_of(const Input& input, int64_t outer) const {
  int64_t offset = 0;
  for (size_t d = inner_from_; d-- > 0;) {
    offset += outer % dims_[d] * input.strides[d];
    outer /= dims_[d];
  }
  return offset;
}

// Elements [start, start + n) of the inner dims, walked along the last one.
void Pointwise::gather(const Input& input, const float* base, int64_t start, int64_t n, float* out) const {
  const size_t last = dims_.size() - 1;
  const int64_t step = input.strides[last];
  while (n > 0) {
    const int64_t at = start % dims_[last], count = std::min(n, dims_[last] - at);
    int64_t rest = start / dims_[last];
    const float* p = base + at * step;
    for (size_t d = last; d-- > inner_from_;) {
      p += rest % dims_[d] * input.strides[d];
      rest /= dims_[d];
    }
    if (step == 0) {
      std::fill_n(out, count, *p);
    } else if (step == 1) {
      std::copy_n(p, count, out);
    } else {
      for (int64_t i = 0; i < count; ++i) out[i] = p[i * step];
    }
    out += count;
    start += count;
    n -= count;
  }
}

void Pointwise::run_share(Share units, const float* const* inputs, float* dst, float* scratch) const {
  VectorInput in[VectorProgram::kMaxInputs];
  const float* spread[VectorProgram::kMaxInputs] = {};  // what the buffer of a kPeriodic input holds
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t outer = unit / chunks_, start = unit % chunks_ * chunk_,
                  n = std::min(chunk_, inner_ - start);
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Input& input = inputs_[i];
      const float* base = inputs[i] + offset_of(input, outer);
      float* buffer = scratch + input.buffer;
      switch (input.access) {
        case Access::kDense:
          in[i] = {base + start};
          break;
        case Access::kNumber:
          in[i] = {base, VectorInput::kNumber};
          break;
        case Access::kLanes:
          in[i] = {base, VectorInput::kLanes};
          break;
        case Access::kPeriodic:
          if (spread[i] != base) gather(input, base, 0, std::min(chunk_, inner_), buffer);
          spread[i] = base;
          in[i] = {buffer};
          break;
        case Access::kGather:
          gather(input, base, start, n, buffer);
          in[i] = {buffer};
          break;
      }
    }
    float* out = dst + outer * inner_ + start;
    program_[0].execute(in, out, n, scratch);
    if (!is_tail(outer)) continue;
    for (int64_t pixel = 0; pixel < n; pixel += lanes_)
      std::fill_n(out + pixel + tail_, lanes_ - tail_, 0.0f);
  }
}

void Pointwise::run(ThreadPool& pool, const float* const* inputs, float* dst, void* scratch) const {
  const int64_t units = outer_ * chunks_;
  // A few kilobytes are done sooner than a second thread wakes up.
  const int parts = outer_ * inner_ < 4096 ? 1 : pool.size();
  auto work = [&](int thread) {
    if (thread < parts)
      run_share(share(units, thread, parts), inputs, dst,
                static_cast<float*>(scratch) + thread * scratch_floats_);
  };
  if (parts == 1)
    work(0);
  else
    pool.run(work);
}

}  // namespace ingot::cpu
