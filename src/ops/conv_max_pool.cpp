// ConvMaxPool: MaxPool of a Conv's result, for devices with a kernel that does not write the latter. Inputs
// X, W, B and attributes of Conv (without extra inputs of its epilogue); `pool_kernel`, `pool_strides`,
// `pool_pads`: MaxPool's of two spatial dims, whose windows are not dilated and end inside of its pads.
#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/epilogue.h"

namespace ingot::ops {
namespace {

const OpDef& op(std::string_view name) { return *find_op(name); }

Attrs pool_attrs_of(const Attrs& attrs) {
  return {{"kernel_shape", attrs.get_ints("pool_kernel")},
          {"strides", attrs.get_ints("pool_strides")},
          {"pads", attrs.get_ints("pool_pads")}};
}

Status infer(InferContext& c) {
  InferContext conv(c.attrs);
  conv.inputs = c.inputs;
  conv.outputs.resize(1);
  INGOT_RETURN_IF_ERROR(op("Conv").infer(conv));
  const Attrs attrs = pool_attrs_of(c.attrs);
  InferContext pool(attrs);
  pool.inputs = {{&conv.outputs[0].type}};
  pool.outputs.resize(1);
  INGOT_RETURN_IF_ERROR(op("MaxPool").infer(pool));
  c.outputs[0].type = std::move(pool.outputs[0].type);
  return {};
}

// Its output is the node's.
class PoolEval final : public EvalContext {
 public:
  PoolEval(const Attrs& attrs, EvalContext& node) : EvalContext(attrs), node_(node) {}
  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    return node_.output(i, dtype, dims);
  }

 private:
  EvalContext& node_;
};

Status eval(EvalContext& c) {
  ConvEval conv(c.attrs);
  conv.inputs = c.inputs;
  conv.num_outputs = 1;
  INGOT_RETURN_IF_ERROR(op("Conv").eval(conv));
  const Attrs attrs = pool_attrs_of(c.attrs);
  PoolEval pool(attrs, c);
  const TensorView x = conv.result.view();
  pool.inputs = {&x};
  pool.num_outputs = 1;
  return op("MaxPool").eval(pool);
}

Cost cost(const CostContext& c) {
  Cost total;
  for (const auto* tensors : {&c.inputs, &c.outputs})
    for (const TensorView& v : *tensors) total.bytes += static_cast<double>(v.bytes());
  const TensorView &x = c.inputs[0], &w = c.inputs[1];
  const auto y = infer_conv(c.attrs, {x.dtype, to_shape(x.dims)}, {w.dtype, to_shape(w.dims)});
  if (y.ok() && is_static(y->shape))
    total.flops = conv_flops(w, {x.dtype, ingot::eval(y->shape, {}).value(), nullptr});
  return total;
}

std::vector<OpCase> cases() {
  const auto with = [](Ints pads, const char* epilogue, Ints kernel, Ints strides, Ints pool_pads) {
    return Attrs{{"pads", std::move(pads)},
                 {"strides", Ints{2, 2}},
                 {"epilogue", std::string(epilogue)},
                 {"pool_kernel", std::move(kernel)},
                 {"pool_strides", std::move(strides)},
                 {"pool_pads", std::move(pool_pads)}};
  };
  const Ints ones = {1, 1, 1, 1};
  return {{"first_layers",
           with({3, 3, 3, 3}, "relu x0", {3, 3}, {2, 2}, ones),
           {random_input({2, 3, 70, 101}), random_input({32, 3, 7, 7}), random_input({32})}},
          {"odd",
           with(ones, "", {2, 2}, {2, 2}, {0, 0, 0, 0}),
           {random_input({1, 1, 37, 45}), random_input({16, 1, 3, 3}), random_input({16})}},
          {"many_images",
           with({3, 3, 3, 3}, "relu x0", {3, 3}, {2, 2}, ones),
           {random_input({5, 3, 33, 34}), random_input({16, 3, 7, 7}), random_input({16})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ConvMaxPool() {
  static const OpDef op = [] {
    std::vector<AttrSpec> attrs = ops::conv_attrs();
    attrs.push_back(ops::epilogue_attr());
    attrs.push_back(optional<int64_t>("output_dtype", 0));
    for (const char* name : {"pool_kernel", "pool_strides", "pool_pads"})
      attrs.push_back(required<Ints>(name));
    return OpDef{"ConvMaxPool", 3, 3, 1, 1, std::move(attrs), ops::infer, ops::eval, ops::cost};
  }();
  return op;
}

std::vector<OpCase> cases_ConvMaxPool() { return ops::cases(); }

}  // namespace ingot
