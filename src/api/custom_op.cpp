// custom_op.h over the op Custom.
#include "ingot/custom_op.h"

#include "ops/custom.h"

namespace ingot {

CustomOp::~CustomOp() = default;

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

  Status eval(EvalContext& c) override {
    std::vector<TensorRef> inputs;
    for (size_t i = 0; i < c.inputs.size(); ++i) inputs.push_back(c.has(i) ? ref(c.input(i)) : TensorRef{});
    return op_->run(inputs, c.num_outputs,
                    [&](size_t i, DataType dtype, const std::vector<int64_t>& dims) -> Result<TensorRef> {
                      INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(i, dtype, dims));
                      return ref(y);
                    });
  }

 private:
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
