// Elements and slices read or written at indices: GatherElements, ScatterElements (args: axis), GatherND
// (args: batch_dims), ScatterND. Both scatters take args: reduction.
#include <cstring>
#include <map>

#include "backends/cpu/kernels/gather/gather.h"
#include "backends/cpu/run/indices.h"
#include "backends/cpu/run/kernel.h"
#include "ops/common.h"

namespace ingot::cpu {
namespace {

const std::map<std::string, ScatterMode, std::less<>> kModes = {{"none", ScatterMode::kReplace},
                                                                {"add", ScatterMode::kAdd},
                                                                {"mul", ScatterMode::kMul},
                                                                {"min", ScatterMode::kMin},
                                                                {"max", ScatterMode::kMax}};

class IndexedKernel : public Kernel {
 public:
  IndexedKernel(const KernelSpec& spec, ScatterMode mode)
      : args_(spec.args()), scatters_(spec.step.op.starts_with("scatter")), mode_(mode) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const TensorArg& elements = scatters_ ? *in[2] : *out[0];  // what the indices name
    if (scatters_ && (in[0]->dims != out[0]->dims || in[0]->dtype != out[0]->dtype))
      return invalid_argument("the result of a scatter is not like its data");
    if (elements.dtype != in[0]->dtype || (mode_ != ScatterMode::kReplace && in[0]->dtype != DataType::kF32))
      return invalid_argument("elements of type ", data_type_name(elements.dtype), " in ",
                              data_type_name(in[0]->dtype));
    INGOT_RETURN_IF_ERROR(indices_.resize(*in[1]));
    return describe(*in[0], in[1]->dims, elements.dims);
  }

  Status run(const Invocation& call) override {
    const int64_t* indices = indices_.read(*call.inputs[1]);
    void* const y = call.outputs[0]->data;
    if (!scatters_) return gather(pool_of(call), call.inputs[0]->data, indices, y);
    if (y != call.inputs[0]->data && call.outputs[0]->bytes() > 0)
      std::memcpy(y, call.inputs[0]->data, call.outputs[0]->bytes());
    return scatter(indices, call.inputs[2]->data, y);
  }

 protected:
  virtual Status describe(const TensorArg& x, const Dims& indices, const Dims& elements) = 0;
  virtual Status gather(ThreadPool& pool, const void* x, const int64_t* indices, void* y) = 0;
  virtual Status scatter(const int64_t* indices, const void* updates, void* y) = 0;
  ScatterMode mode() const { return mode_; }
  const Attrs& args() const { return args_; }

 private:
  Attrs args_;
  bool scatters_;
  ScatterMode mode_;
  Indices indices_;
};

class ElementsKernel final : public IndexedKernel {
  using IndexedKernel::IndexedKernel;
  Status describe(const TensorArg& x, const Dims& indices, const Dims& elements) override {
    INGOT_ASSIGN_OR_RETURN(const int axis,
                           ops::normalize_axis(args().get_int("axis"), static_cast<int>(x.dims.size())));
    bool fits = indices.size() == x.dims.size() && indices == elements;
    for (size_t d = 0; fits && d < indices.size(); ++d)
      fits = static_cast<int>(d) == axis || indices[d] <= x.dims[d];
    if (!fits)
      return invalid_argument("indices of shape ", dims_to_string(indices), " into ", dims_to_string(x.dims),
                              " along axis ", axis);
    desc_ = {bit_width(x.dtype) / 8, axis, x.dims, indices};
    return {};
  }
  Status gather(ThreadPool& pool, const void* x, const int64_t* indices, void* y) override {
    return gather_elements(pool, desc_, x, indices, y);
  }
  Status scatter(const int64_t* indices, const void* updates, void* y) override {
    return scatter_elements(desc_, mode(), indices, updates, y);
  }
  GatherElementsDesc desc_;
};

class NdKernel final : public IndexedKernel {
  using IndexedKernel::IndexedKernel;
  // x is [batch..., indexed..., slice...], indices [batch..., tuples..., depth], elements [batch...,
  // tuples..., slice...].
  Status describe(const TensorArg& x, const Dims& indices, const Dims& elements) override {
    const int64_t given = args().get_int("batch_dims");
    const auto batch = static_cast<size_t>(given), rank = x.dims.size();
    if (given < 0 || batch >= rank || batch >= indices.size() || indices.back() < 1 ||
        indices.back() > static_cast<int64_t>(rank - batch))
      return invalid_argument("indices of shape ", dims_to_string(indices), " into ", dims_to_string(x.dims));
    const size_t slice = batch + static_cast<size_t>(indices.back());
    auto product = [](const Dims& dims, size_t from, size_t to) {
      return num_elements(
          Dims(dims.begin() + static_cast<int64_t>(from), dims.begin() + static_cast<int64_t>(to)));
    };
    Dims expected(indices.begin(), indices.end() - 1);
    expected.insert(expected.end(), x.dims.begin() + static_cast<int64_t>(slice), x.dims.end());
    if (expected != elements || !std::equal(x.dims.begin(), x.dims.begin() + given, indices.begin()))
      return invalid_argument("indices of shape ", dims_to_string(indices), " into ", dims_to_string(x.dims),
                              " do not give ", dims_to_string(elements));
    desc_.batch = product(x.dims, 0, batch);
    desc_.tuples = product(indices, batch, indices.size() - 1);
    desc_.inner_bytes = product(x.dims, slice, rank) * bit_width(x.dtype) / 8;
    desc_.dims.assign(x.dims.begin() + given, x.dims.begin() + static_cast<int64_t>(slice));
    return {};
  }
  Status gather(ThreadPool& pool, const void* x, const int64_t* indices, void* y) override {
    return gather_nd(pool, desc_, x, indices, y);
  }
  Status scatter(const int64_t* indices, const void* updates, void* y) override {
    return scatter_nd(desc_, mode(), indices, updates, y);
  }
  GatherNdDesc desc_;
};

template <class K>
Result<std::unique_ptr<Kernel>> make(const KernelSpec& spec) {
  const size_t inputs = spec.step.op.starts_with("scatter") ? 3 : 2;
  if (spec.step.inputs.size() != inputs || spec.step.outputs.size() != 1)
    return corrupt("'", spec.step.op, "' has the wrong operands");
  const auto mode = kModes.find(spec.args().get_string("reduction", "none"));
  if (mode == kModes.end()) return corrupt("no way to combine updates as asked for");
  return std::unique_ptr<Kernel>(std::make_unique<K>(spec, mode->second));
}

}  // namespace

Result<std::unique_ptr<Kernel>> make_gather_elements_kernel(const KernelSpec& spec) {
  return make<ElementsKernel>(spec);
}
Result<std::unique_ptr<Kernel>> make_scatter_elements_kernel(const KernelSpec& spec) {
  return make<ElementsKernel>(spec);
}
Result<std::unique_ptr<Kernel>> make_gather_nd_kernel(const KernelSpec& spec) { return make<NdKernel>(spec); }
Result<std::unique_ptr<Kernel>> make_scatter_nd_kernel(const KernelSpec& spec) {
  return make<NdKernel>(spec);
}

}  // namespace ingot::cpu
