#include "backends/cuda/steps/attention.h"

#include <cmath>

#include "backends/cuda/kernels/copy/copy.h"
#include "backends/cuda/kernels/norm/norm.h"
#include "backends/cuda/kernels/pointwise/pointwise.h"

namespace ingot::cuda {
namespace {

enum Operand : size_t { kQ, kK, kV, kMask };

Pointer scratch(size_t offset) { return {Pointer::kScratch, 0, offset}; }

// [batch, heads, rows, columns] in a matrix of `row` elements a row.
Dims in_rows(const Dims& dims, int64_t row) { return {dims[2] * row, dims[3], row, 1}; }

class Builder {
 public:
  Builder(const StepView& step, bool tf32) : step_(step), tf32_(tf32) {}

  Result<AttentionStep> build() {
    if (step_.args.get_int("causal") != 0) return unsupported("causal attention");
    const TensorArg &q = step_.in(kQ), &k = step_.in(kK);
    const int64_t heads = step_.args.get_int("heads"), dim = step_.args.get_int("head_dim");
    const int64_t v_dim = step_.args.get_int("v_head_dim") > 0 ? step_.args.get_int("v_head_dim") : dim;
    const int64_t batch = q.dims[0], rows = q.dims[1], keys = k.dims[1];
    if (num_elements(step_.out(0).dims) == 0 || keys == 0) return unsupported("empty attention");
    const Dims q_dims = {batch, heads, rows, dim}, k_dims = {batch, heads, keys, dim};
    const Dims v_dims = {batch, heads, keys, v_dim}, y_dims = {batch, heads, rows, v_dim};
    const Dims scores = {batch, heads, rows, keys};
    out_.q = place(q_dims);
    out_.k = place(k_dims);
    out_.v = place(v_dims);
    out_.logits = place(scores);
    out_.weights = place(scores);
    out_.result = place(y_dims);
    INGOT_RETURN_IF_ERROR(split(kQ, q_dims, step_.args.get_int("q_offset"), out_.q));
    INGOT_RETURN_IF_ERROR(split(kK, k_dims, step_.args.get_int("k_offset"), out_.k));
    INGOT_RETURN_IF_ERROR(split(kV, v_dims, step_.args.get_int("v_offset"), out_.v));
    out_.scores = product(batch * heads, rows, keys, dim);
    out_.scores.trans_b = true;
    out_.scores.alpha = step_.args.has("scale") ? step_.args.get_float("scale")
                                                : static_cast<float>(1 / std::sqrt(static_cast<double>(dim)));
    out_.values = product(batch * heads, rows, v_dim, keys);
    if (step_.has(kMask)) INGOT_RETURN_IF_ERROR(mask(scores));
    SoftmaxProblem softmax{type(), batch * heads * rows, keys};
    INGOT_RETURN_IF_ERROR(
        add(out_.normalise, softmax_kernel(softmax), {scratch(out_.logits), scratch(out_.weights)}));
    CopyProblem join{type(), type(), y_dims, dense_strides(y_dims), in_rows(y_dims, heads * v_dim)};
    INGOT_RETURN_IF_ERROR(add(out_.join, copy_kernel(join), {scratch(out_.result), output(0)}));
    return std::move(out_);
  }

 private:
  DataType type() const { return step_.out(0).dtype; }

  size_t place(const Dims& dims) {
    const size_t at = out_.bytes;
    out_.bytes += aligned(byte_size(type(), num_elements(dims)));
    return at;
  }

  static Status add(Launches& list, Result<KernelSpec> spec, std::vector<Pointer> pointers) {
    if (!spec.ok()) return spec.status();
    list.push_back({std::move(*spec), std::move(pointers)});
    return {};
  }

  Status split(size_t i, const Dims& dims, int64_t column, size_t to) {
    const size_t offset = byte_size(type(), column);
    CopyProblem copy{type(), type(), dims, in_rows(dims, step_.in(i).dims[2]), dense_strides(dims)};
    copy.alignment = alignment_of(offset);
    return add(out_.split, copy_kernel(copy), {input(i, offset), scratch(to)});
  }

  MatMulProblem product(int64_t batch, int64_t m, int64_t n, int64_t k) const {
    MatMulProblem p;
    p.type = type();
    p.tf32 = tf32_;
    p.batch = batch;
    p.m = m;
    p.n = n;
    p.k = k;
    p.a_step = m * k;
    p.b_step = k * n;
    return p;
  }

  // Numbers are added; of booleans, false hides.
  Status mask(const Dims& scores) {
    const TensorArg& m = step_.in(kMask);
    PointwiseProblem p;
    const bool adds = m.dtype != DataType::kBool;
    INGOT_ASSIGN_OR_RETURN(p.program,
                           ops::PointwiseProgram::parse(adds ? "add x0 x1" : "select x1 x0 #-3e38"));
    p.dims = scores;
    p.inputs = {{type(), dense_strides(scores)}, broadcast_operand(m.dtype, m.dims, scores)};
    p.output = {type(), dense_strides(scores)};
    return add(out_.normalise, pointwise_kernel(p),
               {scratch(out_.logits), input(kMask), scratch(out_.logits)});
  }

  const StepView& step_;
  bool tf32_;
  AttentionStep out_;
};

}  // namespace

Result<AttentionStep> attention_step(const StepView& step, bool tf32) { return Builder(step, tf32).build(); }

}  // namespace ingot::cuda
