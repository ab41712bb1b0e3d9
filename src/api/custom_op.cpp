// custom_op.h over the op Custom.
#include "ingot/custom_op.h"

#include "ops/contents.h"
#include "ops/custom.h"

namespace ingot {

CustomOp::~CustomOp() = default;
Status CustomOp::enqueue(const std::vector<TensorRef>&, size_t, const Allocate&, const Gpu&) {
  return unsupported("the custom op says that it runs on a GPU, and does not");
}

namespace {

TensorRef ref(const TensorView& v) { return {v.dtype, v.dims, v.data}; }

class Hooks final : public ops::CustomHooks {
 public:
  explicit Hooks(std::shared_ptr<CustomOp> op) : op_(std::move(op)) {}

  Status infer(InferContext& c) override {
    std::vector<TensorInfo> inputs, outputs(c.outputs.size());
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      TensorInfo& info = inputs.emplace_back();
      if (!c.has(i)) continue;
      info.dtype = c.type(i).dtype;
      info.ranked = c.type(i).ranked;
      for (const Dim& d : c.shape(i)) info.dims.push_back(d.to_string());
      if (const auto known = ops::contents_of(c, i))
        for (const Dim& d : *known) info.contents.push_back(d.to_string());
    }
    INGOT_RETURN_IF_ERROR(op_->infer(inputs, outputs));
    for (size_t i = 0; i < outputs.size(); ++i) {
      Shape shape;
      for (const std::string& text : outputs[i].dims) {
        if (text == "?") {
          shape.push_back(c.fresh_dim());
          continue;
        }
        INGOT_ASSIGN_OR_RETURN(Dim d, Dim::parse(text));
        shape.push_back(std::move(d));
      }
      c.outputs[i].type = {outputs[i].dtype, std::move(shape), outputs[i].ranked};
    }
    return {};
  }

  Status eval(EvalContext& c) override { return op_->run(inputs(c), c.num_outputs, output(c)); }

  bool on_gpu() const override { return op_->on_gpu(); }
  Status enqueue(EvalContext& c, const Gpu& gpu) override {
    return op_->enqueue(inputs(c), c.num_outputs, output(c), {gpu.stream, gpu.workspace, gpu.read});
  }

 private:
  static std::vector<TensorRef> inputs(const EvalContext& c) {
    std::vector<TensorRef> out;
    for (size_t i = 0; i < c.inputs.size(); ++i) out.push_back(c.has(i) ? ref(c.input(i)) : TensorRef{});
    return out;
  }
  static CustomOp::Allocate output(EvalContext& c) {
    return [&c](size_t i, DataType dtype, const std::vector<int64_t>& dims) -> Result<TensorRef> {
      INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(i, dtype, dims));
      return ref(y);
    };
  }
  std::shared_ptr<CustomOp> op_;
};

}  // namespace

void register_custom_op(const std::string& kind, CustomOpFactory factory) {
  ops::register_custom(
      kind,
      [factory = std::move(factory)](const std::string& data) -> Result<std::shared_ptr<ops::CustomHooks>> {
        INGOT_ASSIGN_OR_RETURN(std::shared_ptr<CustomOp> op, factory(data));
        return std::shared_ptr<ops::CustomHooks>(std::make_shared<Hooks>(std::move(op)));
      });
}

}  // namespace ingot
