// Kernels that move elements: Transpose (args: perm), Expand, Gather (args: axis).
#include <algorithm>

#include "backends/cpu/kernels/gather/gather.h"
#include "backends/cpu/kernels/transpose/strided_copy.h"
#include "backends/cpu/run/indices.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

class TransposeKernel final : public Kernel {
 public:
  TransposeKernel(Ints perm, Isa isa) : perm_(std::move(perm)), isa_(isa) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims& dims = in[0]->dims;
    Ints perm = perm_;
    if (perm.empty())
      for (size_t i = dims.size(); i-- > 0;) perm.push_back(static_cast<int64_t>(i));
    Ints sorted = perm;
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < sorted.size(); ++i)
      if (sorted.size() != dims.size() || sorted[i] != static_cast<int64_t>(i))
        return corrupt("perm ", dims_to_string(perm), " for rank ", dims.size());
    empty_ = num_elements(out[0]->dims) == 0;
    copy_.prepare(transpose_desc(dims, perm, bit_width(in[0]->dtype) / 8), isa_);
    return {};
  }
  Status run(const Invocation& call) override {
    if (!empty_) copy_.run(pool_of(call), call.inputs[0]->data, call.outputs[0]->data);
    return {};
  }

 private:
  Ints perm_;
  Isa isa_;
  bool empty_ = false;
  StridedCopy copy_;
};

class ExpandKernel final : public Kernel {
 public:
  explicit ExpandKernel(Isa isa) : isa_(isa) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims &from = in[0]->dims, &to = out[0]->dims;
    StridedCopyDesc d;
    d.element_size = bit_width(in[0]->dtype) / 8;
    d.dims = to;
    d.dst_strides = dense_strides(to);
    d.src_strides.assign(to.size(), 0);
    const Dims own = dense_strides(from);
    if (from.size() > to.size())
      return invalid_argument("cannot expand ", dims_to_string(from), " to ", dims_to_string(to));
    for (size_t i = 0; i < from.size(); ++i) {
      const size_t at = to.size() - from.size() + i;
      if (from[i] != 1 && from[i] != to[at])
        return invalid_argument("cannot expand ", dims_to_string(from), " to ", dims_to_string(to));
      if (from[i] != 1) d.src_strides[at] = own[i];
    }
    empty_ = num_elements(to) == 0;
    copy_.prepare(d, isa_);
    return {};
  }
  Status run(const Invocation& call) override {
    if (!empty_) copy_.run(pool_of(call), call.inputs[0]->data, call.outputs[0]->data);
    return {};
  }

 private:
  Isa isa_;
  bool empty_ = false;
  StridedCopy copy_;
};

class GatherKernel final : public Kernel {
 public:
  explicit GatherKernel(int64_t axis) : axis_(axis) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& x = in[0]->dims;
    const auto rank = static_cast<int64_t>(x.size());
    const int64_t axis = axis_ < 0 ? axis_ + rank : axis_;
    if (axis < 0 || axis >= rank)
      return invalid_argument("axis ", axis_, " is out of range for ", dims_to_string(x));
    desc_ = {};
    int64_t inner = 1;
    for (int64_t d = 0; d < rank; ++d)
      (d < axis ? desc_.outer : d > axis ? inner : desc_.axis) *= x[static_cast<size_t>(d)];
    desc_.inner_bytes = static_cast<int64_t>(byte_size(in[0]->dtype, inner));
    desc_.indices = num_elements(in[1]->dims);
    return indices_.resize(*in[1]);
  }
  Status run(const Invocation& call) override {
    const int64_t* indices = indices_.read(*call.inputs[1]);
    return gather(pool_of(call), desc_, call.inputs[0]->data, indices, call.outputs[0]->data);
  }

 private:
  int64_t axis_;
  GatherDesc desc_;
  Indices indices_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_transpose_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<TransposeKernel>(spec.args().get_ints("perm"), isa));
}

Result<std::unique_ptr<Kernel>> make_expand_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<ExpandKernel>(isa));
}

Result<std::unique_ptr<Kernel>> make_gather_kernel(const KernelSpec& spec) {
  return std::unique_ptr<Kernel>(std::make_unique<GatherKernel>(spec.args().get_int("axis")));
}

}  // namespace ingot::cpu
