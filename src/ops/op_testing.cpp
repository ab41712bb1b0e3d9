#include "ops/op_testing.h"

#include "ops/types.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

class TestEval final : public EvalContext {
 public:
  TestEval(const Attrs& attrs, const std::vector<Tensor>& tensors, size_t count)
      : EvalContext(attrs), results(count) {
    for (const Tensor& t : tensors) inputs.push_back(t.valid() ? &t.view() : nullptr);
    num_outputs = count;
  }
  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    if (i >= results.size() || results[i].valid()) return internal_error("output ", i, " asked for wrongly");
    INGOT_ASSIGN_OR_RETURN(results[i], Tensor::allocate(dtype, dims));
    return results[i].view();
  }
  std::vector<Tensor> results;
};

Result<std::vector<TensorType>> infer_with(const OpDef& op, const Attrs& attrs,
                                           const std::vector<TensorType>& types,
                                           const std::vector<Tensor>* constants, size_t num_outputs) {
  INGOT_RETURN_IF_ERROR(check_signature(op, types.size(), num_outputs, attrs));
  InferContext c(attrs);
  std::vector<std::vector<Dim>> contents(types.size());
  int fresh = 0;
  c.fresh_dim = [&] { return Dim::symbol(str("u", fresh++)); };
  for (size_t i = 0; i < types.size(); ++i) {
    InferInput in;
    if (types[i].dtype != DataType::kInvalid) in.type = &types[i];
    if (constants != nullptr && in.type != nullptr) {
      const Tensor& value = (*constants)[i];
      in.constant = &value;
      if (is_integer(value.dtype()) && bit_width(value.dtype()) >= 8 && value.rank() <= 1 &&
          value.size() <= 64) {
        const Dims ints = to_int64s(value.view());
        contents[i].assign(ints.begin(), ints.end());
        in.contents = &contents[i];
      }
    }
    c.inputs.push_back(in);
  }
  c.outputs.resize(num_outputs);
  INGOT_RETURN_IF_ERROR(op.infer(c));
  std::vector<TensorType> out;
  for (InferOutput& o : c.outputs) out.push_back(std::move(o.type));
  return out;
}

// Whether a concrete type is one that inference allowed.
bool fits(const TensorType& inferred, const Tensor& got) {
  if (inferred.dtype != got.dtype()) return false;
  if (!inferred.ranked) return true;
  if (inferred.rank() != got.rank()) return false;
  for (size_t d = 0; d < got.dims().size(); ++d)
    if (inferred.shape[d].is_const() && inferred.shape[d].value() != got.dims()[d]) return false;
  return true;
}

}  // namespace

Result<std::vector<TensorType>> infer_op(std::string_view name, const Attrs& attrs,
                                         const std::vector<TensorType>& inputs, size_t num_outputs) {
  const OpDef* op = find_op(name);
  if (op == nullptr) return not_found("no op '", name, "'");
  return infer_with(*op, attrs, inputs, nullptr, num_outputs);
}

Result<std::vector<Tensor>> run_op(std::string_view name, const Attrs& attrs,
                                   const std::vector<Tensor>& inputs, size_t num_outputs) {
  const OpDef* op = find_op(name);
  if (op == nullptr) return not_found("no op '", name, "'");
  std::vector<TensorType> types;
  for (const Tensor& t : inputs) types.push_back(t.valid() ? t.type() : TensorType{});
  INGOT_ASSIGN_OR_RETURN(const auto with_contents, infer_with(*op, attrs, types, &inputs, num_outputs));
  INGOT_ASSIGN_OR_RETURN(const auto without, infer_with(*op, attrs, types, nullptr, num_outputs));
  TestEval eval(attrs, inputs, num_outputs);
  INGOT_RETURN_IF_ERROR(op->eval(eval));
  for (size_t i = 0; i < num_outputs; ++i)
    for (const TensorType& type : {with_contents[i], without[i]})
      if (!fits(type, eval.results[i]))
        return internal_error("output ", i, " is ", eval.results[i].view().type_string(),
                              ", but was inferred as ", type.to_string());
  return std::move(eval.results);
}

Tensor make_tensor(DataType type, Dims dims, const std::vector<double>& values) {
  auto t = Tensor::allocate(type, std::move(dims));
  INGOT_CHECK(t.ok());
  store(values.data(), t->size(), t->view(), 0);
  return std::move(t).value();
}

std::vector<double> values_of(const Tensor& t) { return load_all<double>(t.view()); }

}  // namespace ingot::ops
