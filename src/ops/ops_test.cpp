// Every op's cases through infer and eval: the inferred type is the evaluated one, and what is inferred for
// symbolic dims gives the same once the symbols have values.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ops/op_cases.h"
#include "ops/wide.h"

namespace ingot {
namespace {

class Eval final : public EvalContext {
 public:
  Eval(const Attrs& attrs, const std::vector<Tensor>& in, int outputs)
      : EvalContext(attrs), results(outputs) {
    for (const Tensor& t : in) inputs.push_back(t.valid() ? &t.view() : nullptr);
    num_outputs = static_cast<size_t>(outputs);
  }
  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    INGOT_ASSIGN_OR_RETURN(results[i], Tensor::allocate(dtype, dims));
    return results[i].view();
  }
  std::vector<Tensor> results;
};

Tensor make_input(const CaseInput& in, std::mt19937& rng) {
  if (in.value) return *in.value;
  if (in.type.dtype == DataType::kInvalid) return {};
  auto dims = eval(in.type.shape, {});
  Tensor t = Tensor::allocate(in.type.dtype, *dims).value();
  std::uniform_real_distribution<double> real(in.lo, in.hi);
  std::uniform_int_distribution<int64_t> whole(static_cast<int64_t>(in.lo), static_cast<int64_t>(in.hi));
  std::vector<double> values;
  for (int64_t i = 0; i < t.size(); ++i)
    values.push_back(is_float(t.dtype()) ? real(rng) : static_cast<double>(whole(rng)));
  ops::store(values.data(), t.size(), t.view(), 0);
  return t;
}

// Infers the case with the given input types; inputs with a value of their own are constants.
Result<std::vector<TensorType>> infer_case(const OpDef& op, const OpCase& cs,
                                           const std::vector<TensorType>& types) {
  InferContext c(cs.attrs);
  std::vector<std::vector<Dim>> contents(types.size());
  int fresh = 0;
  c.fresh_dim = [&] { return Dim::symbol("u" + std::to_string(fresh++)); };
  for (size_t i = 0; i < types.size(); ++i) {
    InferInput in;
    if (types[i].dtype != DataType::kInvalid) in.type = &types[i];
    if (cs.inputs[i].value) {
      in.constant = &*cs.inputs[i].value;
      if (is_integer(types[i].dtype) && types[i].rank() <= 1) {
        for (int64_t v : to_int64s(in.constant->view())) contents[i].push_back(v);
        in.contents = &contents[i];
      }
    }
    c.inputs.push_back(in);
  }
  c.outputs.resize(static_cast<size_t>(cs.num_outputs));
  INGOT_RETURN_IF_ERROR(op.infer(c));
  std::vector<TensorType> out;
  for (InferOutput& o : c.outputs) out.push_back(std::move(o.type));
  return out;
}

// `inferred` agrees with `dims` wherever it says something that does not depend on data.
void expect_agrees(const TensorType& inferred, const SymbolValues& symbols, const Dims& dims) {
  if (!inferred.ranked) return;
  ASSERT_EQ(inferred.shape.size(), dims.size()) << inferred.to_string() << " but " << dims_to_string(dims);
  for (size_t d = 0; d < dims.size(); ++d) {
    const Dim dim = inferred.shape[d].substitute(symbols);
    if (dim.is_const()) {
      EXPECT_EQ(dim.value(), dims[d]) << inferred.to_string() << " dim " << d;
    }
  }
}

class OpCases : public testing::TestWithParam<ops::OpWithCases> {};

TEST_P(OpCases, InferAgreesWithEval) {
  const OpDef& op = *GetParam().op;
  std::mt19937 rng(7);
  for (const OpCase& cs : GetParam().cases) {
    SCOPED_TRACE(cs.name);
    std::vector<Tensor> inputs;
    std::vector<TensorType> concrete, symbolic;
    SymbolValues symbols;
    for (const CaseInput& in : cs.inputs) {
      inputs.push_back(make_input(in, rng));
      concrete.push_back(in.type);
      symbolic.push_back(in.type);
      for (Dim& d : symbolic.back().shape) {
        if (in.value || d.value() <= 1) continue;
        const int64_t n = d.value();  // dims of one size may have to be equal: one symbol for each size
        symbols["n" + std::to_string(n)] = n;
        d = Dim::symbol("n" + std::to_string(n));
      }
    }
    const Status signature =
        check_signature(op, cs.inputs.size(), static_cast<size_t>(cs.num_outputs), cs.attrs);
    ASSERT_TRUE(signature.ok()) << signature.to_string();
    auto types = infer_case(op, cs, concrete);
    ASSERT_TRUE(types.ok()) << types.status().to_string();
    Eval eval(cs.attrs, inputs, cs.num_outputs);
    const Status done = op.eval(eval);
    ASSERT_TRUE(done.ok()) << done.to_string();
    auto symbolic_types = infer_case(op, cs, symbolic);
    ASSERT_TRUE(symbolic_types.ok()) << symbolic_types.status().to_string();
    for (size_t i = 0; i < eval.results.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "output " << i);
      EXPECT_EQ((*types)[i].dtype, eval.results[i].dtype());
      expect_agrees((*types)[i], {}, eval.results[i].dims());
      expect_agrees((*symbolic_types)[i], symbols, eval.results[i].dims());
    }
  }
}

// Types and ranks that make no sense give a message, never a crash.
TEST_P(OpCases, RefusesOrAcceptsAnything) {
  const OpDef& op = *GetParam().op;
  const std::vector<Shape> shapes = {{}, {0}, {3}, {2, 3}, {1, 2, 3, 4}, {Dim::symbol("n"), 5}};
  for (OpCase cs : GetParam().cases) {
    for (size_t k = 0; k < cs.inputs.size(); ++k) {
      for (const Shape& shape : shapes) {
        for (DataType dtype : {DataType::kF32, DataType::kI64, DataType::kBool, DataType::kI4}) {
          OpCase changed = cs;
          changed.inputs[k] = {{dtype, shape, true}, -2, 2, std::nullopt};
          std::vector<TensorType> types;
          for (const CaseInput& in : changed.inputs) types.push_back(in.type);
          auto result = infer_case(op, changed, types);
          if (!result.ok()) {
            EXPECT_FALSE(result.status().message().empty());
            EXPECT_NE(result.status().code(), StatusCode::kInternal) << result.status().to_string();
            continue;
          }
          for (const TensorType& t : *result) EXPECT_NE(t.dtype, DataType::kInvalid);
          if (!ingot::is_static(shape)) continue;
          std::mt19937 rng(3);
          std::vector<Tensor> inputs;
          for (const CaseInput& in : changed.inputs) inputs.push_back(make_input(in, rng));
          Eval eval(changed.attrs, inputs, changed.num_outputs);
          const Status done = op.eval(eval);
          if (!done.ok()) {
            EXPECT_NE(done.code(), StatusCode::kInternal) << done.to_string();
          }
        }
      }
    }
  }
}

// Without an optional input there is an answer or a message.
TEST_P(OpCases, EveryOptionalInputMayBeAbsent) {
  const OpDef& op = *GetParam().op;
  for (const OpCase& cs : GetParam().cases) {
    for (size_t k = 0; k < cs.inputs.size(); ++k) {
      if (!op.is_optional_input(k)) continue;
      OpCase changed = cs;
      changed.inputs[k] = {};
      std::vector<TensorType> types;
      std::mt19937 rng(5);
      std::vector<Tensor> inputs;
      for (const CaseInput& in : changed.inputs) {
        types.push_back(in.type);
        inputs.push_back(make_input(in, rng));
      }
      const auto inferred = infer_case(op, changed, types);
      EXPECT_NE(inferred.status().code(), StatusCode::kInternal) << inferred.status().to_string();
      if (!inferred.ok()) continue;
      Eval eval(changed.attrs, inputs, changed.num_outputs);
      const Status done = op.eval(eval);
      EXPECT_NE(done.code(), StatusCode::kInternal) << done.to_string();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OpCases, testing::ValuesIn(ops::all_op_cases()), [](const auto& info) {
  std::string name(info.param.op->name);
  std::replace(name.begin(), name.end(), '.', '_');  // as in "ml.Scaler"
  return name;
});

}  // namespace
}  // namespace ingot
