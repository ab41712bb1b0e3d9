// Concat and slices along one axis as copies, for any element type and either layout. What the plan can make
// a view of does not come here.
#include <algorithm>
#include <cstring>

#include "backends/cpu/run/epilogue.h"

namespace ingot::cpu {
namespace {

// A tensor as outer x (axis * inner) bytes.
struct Rows {
  int64_t outer = 1, bytes = 0;  // bytes: of one outer index
};

Rows rows_of(const TensorArg& a, size_t axis) {
  const Dims dims = walked_dims(a.dims, a.layout, a.block);
  Rows r;
  int64_t inner = 1;
  for (size_t d = 0; d < dims.size(); ++d) (d < axis ? r.outer : inner) *= dims[d];
  r.bytes = static_cast<int64_t>(byte_size(a.dtype, inner));
  return r;
}

struct Part {
  int64_t offset, bytes;  // within one outer index of the whole
};

constexpr int64_t kSharedBytes = 64 * 1024;  // less is copied sooner than other threads wake up

// Copies `outer` rows of `part` between the whole (rows of `stride` bytes) and its own dense memory, shared
// by the threads where it is much.
void copy_rows(ThreadPool& pool, int64_t outer, char* dst, int64_t dst_stride, const char* src,
               int64_t src_stride, int64_t bytes) {
  auto work = [&](int thread, int threads) {
    if (outer >= threads) {
      const Share rows = share(outer, thread, threads);
      for (int64_t r = rows.begin; r < rows.end; ++r)
        std::memcpy(dst + r * dst_stride, src + r * src_stride, static_cast<size_t>(bytes));
      return;
    }
    const Share part = share(bytes, thread, threads);
    for (int64_t r = 0; r < outer; ++r)
      std::memcpy(dst + r * dst_stride + part.begin, src + r * src_stride + part.begin,
                  static_cast<size_t>(part.end - part.begin));
  };
  if (outer * bytes < kSharedBytes) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

class ConcatKernel final : public Kernel {
 public:
  explicit ConcatKernel(int64_t axis) : axis_(static_cast<size_t>(axis)) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    whole_ = rows_of(*out[0], axis_);
    parts_.clear();
    int64_t at = 0;
    for (const TensorArg* a : in) {
      const Rows r = rows_of(*a, axis_);
      if (r.outer != whole_.outer || a->dtype != out[0]->dtype)
        return invalid_argument("parts of a concat do not fit its result");
      parts_.push_back({at, r.bytes});
      at += r.bytes;
    }
    if (at != whole_.bytes)
      return invalid_argument("the parts of a concat have ", at, " bytes, its result ", whole_.bytes);
    return {};
  }

  Status run(const Invocation& call) override {
    for (size_t i = 0; i < parts_.size(); ++i)
      copy_rows(pool_of(call), whole_.outer, call.outputs[0]->as<char>() + parts_[i].offset, whole_.bytes,
                call.inputs[i]->as<const char>(), parts_[i].bytes, parts_[i].bytes);
    return {};
  }

 private:
  size_t axis_;
  Rows whole_;
  std::vector<Part> parts_;
};

class SliceKernel final : public Kernel {
 public:
  SliceKernel(int64_t axis, Ints starts) : axis_(static_cast<size_t>(axis)), starts_(std::move(starts)) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    whole_ = rows_of(*in[0], axis_);
    const Dims dims = walked_dims(in[0]->dims, in[0]->layout, in[0]->block);
    if (axis_ >= dims.size() || starts_.size() != out.size())
      return corrupt("a slice has the wrong axis or outputs");
    const int64_t step = dims[axis_] == 0 ? 0 : whole_.bytes / dims[axis_];  // bytes of one index of the axis
    const int64_t unit = in[0]->layout == Layout::kBlocked && axis_ == 1 ? in[0]->block : 1;
    parts_.assign(out.size(), {});
    for (size_t i = 0; i < out.size(); ++i) {
      if (!out[i]->given()) continue;
      const Rows r = rows_of(*out[i], axis_);
      parts_[i] = {starts_[i] / unit * step, r.bytes};
      if (r.outer != whole_.outer || parts_[i].offset < 0 || parts_[i].offset + r.bytes > whole_.bytes)
        return invalid_argument("a slice of ", dims_to_string(out[i]->dims), " from ", starts_[i],
                                " lies outside of ", dims_to_string(in[0]->dims));
    }
    return {};
  }

  Status run(const Invocation& call) override {
    for (size_t i = 0; i < parts_.size(); ++i)
      if (call.outputs[i]->given())
        copy_rows(pool_of(call), whole_.outer, call.outputs[i]->as<char>(), parts_[i].bytes,
                  call.inputs[0]->as<const char>() + parts_[i].offset, whole_.bytes, parts_[i].bytes);
    return {};
  }

 private:
  size_t axis_;
  Ints starts_;
  Rows whole_;
  std::vector<Part> parts_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_concat_kernel(const KernelSpec& spec) {
  return std::unique_ptr<Kernel>(std::make_unique<ConcatKernel>(spec.args().get_int("axis")));
}

Result<std::unique_ptr<Kernel>> make_slice_kernel(const KernelSpec& spec) {
  return std::unique_ptr<Kernel>(
      std::make_unique<SliceKernel>(spec.args().get_int("axis"), spec.args().get_ints("starts")));
}

}  // namespace ingot::cpu
