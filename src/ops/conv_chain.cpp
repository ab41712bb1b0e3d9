#include "ops/conv_chain.h"

#include <cstring>

#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/epilogue.h"
#include "ops/pointwise_program.h"

namespace ingot::ops {
namespace {

// The list attributes, and how many numbers each convolution has in them.
struct Part {
  std::string_view name;
  size_t count;
  int64_t fallback;
};
constexpr Part kParts[] = {{"dilations", 2, 1}, {"pads", 4, 0}, {"strides", 2, 1}};

const OpDef& conv() {
  static const OpDef& op = *find_op("Conv");
  return op;
}

Status check(const Attrs& chain, size_t inputs) {
  const size_t length = chain_length(chain);
  if (length < 1 || length > 64) return invalid_argument("a chain of ", length, " convolutions");
  for (const Part& part : kParts)
    if (const size_t given = chain.get_ints(part.name).size(); given != length * part.count)
      return invalid_argument(part.name, " has ", given, " numbers, expected ", length * part.count);
  if (const size_t given = chain.get<Strings>("inner_epilogues").size(); given + 1 != length)
    return invalid_argument("inner_epilogues has ", given, " programs, expected ", length - 1);
  if (const int64_t extras = chain.get_int("prologue_inputs"); extras < 0 || extras > 64)
    return invalid_argument("prologue_inputs is ", extras);
  if (inputs <= chain_weights(chain, length - 1))
    return invalid_argument("got ", inputs, " inputs, expected the weights of ", length, " convolutions");
  return {};
}

Status check_given(const InferContext& c) {
  if (!c.has(0)) return invalid_argument("input 0 is missing");
  for (size_t i = 0; i < chain_length(c.attrs); ++i)
    if (const size_t w = chain_weights(c.attrs, i); !c.has(w))
      return invalid_argument("input ", w, ", the weights of convolution ", i, ", is missing");
  return {};
}

// Inputs of convolution `i` besides X, out of those of the chain.
template <class T>
void append_inputs(std::vector<T>& to, const std::vector<T>& from, const Attrs& chain, size_t i) {
  to.push_back(from[chain_weights(chain, i)]);
  to.push_back(chain_bias(chain, i) < from.size() ? from[chain_bias(chain, i)] : T{});
  if (i + 1 == chain_length(chain) && from.size() > chain_extras(chain))
    to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(chain_extras(chain)), from.end());
}

Status check_prologue(const InferContext& c) {
  const std::string text = c.attrs.get_string("prologue");
  const size_t extras = chain_prologue_inputs(c.attrs);
  if (text.empty()) return extras == 0 ? Status() : invalid_argument("there is no prologue for its inputs");
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
  INGOT_RETURN_IF_ERROR(program.validate(static_cast<int>(1 + extras)));
  for (size_t i = 1; i <= extras; ++i) {
    if (!c.has(i)) return invalid_argument("input ", i, " of the prologue is missing");
    if (c.type(i).dtype != c.type(0).dtype)
      return invalid_argument("input ", i, " has type ", data_type_name(c.type(i).dtype));
    if (!c.type(i).ranked || !c.type(0).ranked) continue;
    INGOT_ASSIGN_OR_RETURN(const Shape together, broadcast(c.shape(i), c.shape(0)));
    if (is_static(together) && is_static(c.shape(0)) && together != c.shape(0))
      return invalid_argument("input ", i, " of shape ", to_string(c.shape(i)), " does not broadcast to ",
                              to_string(c.shape(0)));
  }
  return {};
}

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(check(c.attrs, c.inputs.size()));
  INGOT_RETURN_IF_ERROR(check_given(c));
  INGOT_RETURN_IF_ERROR(check_prologue(c));
  TensorType x = c.type(0);
  for (size_t i = 0; i < chain_length(c.attrs); ++i) {
    const Attrs attrs = chain_conv(c.attrs, i);
    InferContext one(attrs);
    one.inputs = {{&x}};
    append_inputs(one.inputs, c.inputs, c.attrs, i);
    one.outputs.resize(1);
    INGOT_RETURN_IF_ERROR(conv().infer(one).with_context(str("convolution ", i)));
    x = one.outputs[0].type;
  }
  c.outputs[0].type = std::move(x);
  return {};
}

Status eval(EvalContext& c) {
  INGOT_RETURN_IF_ERROR(check(c.attrs, c.inputs.size()));
  Tensor held;
  TensorView x = c.input(0);
  if (const std::string text = c.attrs.get_string("prologue"); !text.empty()) {
    INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
    std::vector<TensorView> inputs;
    for (size_t i = 0; i <= chain_prologue_inputs(c.attrs); ++i) inputs.push_back(c.input(i));
    INGOT_ASSIGN_OR_RETURN(held, Tensor::allocate(x.dtype, x.dims));
    INGOT_RETURN_IF_ERROR(program.run(inputs, held.view()));
    x = held.view();
  }
  for (size_t i = 0; i < chain_length(c.attrs); ++i) {
    const Attrs attrs = chain_conv(c.attrs, i);
    ConvEval one(attrs);
    one.inputs = {&x};
    append_inputs(one.inputs, c.inputs, c.attrs, i);
    one.num_outputs = 1;
    INGOT_RETURN_IF_ERROR(conv().eval(one).with_context(str("convolution ", i)));
    held = std::move(one.result);
    x = held.view();
  }
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, x.dims));
  std::memcpy(y.data, x.data, held.bytes());
  return {};
}

Cost cost(const CostContext& c) {
  Cost total;
  for (const TensorView& v : c.inputs) total.bytes += static_cast<double>(v.bytes());
  total.bytes += static_cast<double>(c.outputs[0].bytes());
  TensorType x{c.inputs[0].dtype, to_shape(c.inputs[0].dims)};
  if (const auto program = PointwiseProgram::parse(c.attrs.get_string("prologue")); program.ok())
    total.flops += program->flops() * static_cast<double>(c.inputs[0].size());
  for (size_t i = 0; i < chain_length(c.attrs); ++i) {
    const Attrs attrs = chain_conv(c.attrs, i);
    const TensorView& w = c.inputs[chain_weights(c.attrs, i)];
    const auto y = infer_conv(attrs, x, {w.dtype, to_shape(w.dims)});
    if (!y.ok() || !is_static(y->shape)) return total;
    x = *y;
    const Dims dims = ingot::eval(x.shape, {}).value();
    CostContext one{attrs, {}, {{x.dtype, dims, nullptr}}};
    total.flops += conv_flops(w, one.outputs[0]) + epilogue_cost(one, 0).flops;
  }
  return total;
}

std::vector<OpCase> cases() {
  const Attrs plain = {{"strides", Ints{1, 1}}}, relu6 = {{"epilogue", std::string("clip x0 #0 #6")}},
              silu = {{"epilogue", std::string("silu x0")}}, sum = {{"epilogue", std::string("add x0 x1")}};
  const auto with = [](Attrs attrs, int64_t group, int64_t stride, int64_t pad) {
    attrs.set("group", group);
    attrs.set("strides", Ints{stride, stride});
    attrs.set("pads", Ints{pad, pad, pad, pad});
    return attrs;
  };
  const auto with_prologue = [](Attrs attrs, const char* program, int64_t inputs) {
    attrs.set("prologue", std::string(program));
    attrs.set("prologue_inputs", inputs);
    return attrs;
  };
  return {{"inverted_residual",
           make_chain({relu6, with(relu6, 40, 1, 1), sum}),
           {random_input({1, 8, 14, 15}), random_input({40, 8, 1, 1}), random_input({40}),
            random_input({40, 1, 3, 3}), random_input({40}), random_input({8, 40, 1, 1}), random_input({8}),
            random_input({1, 8, 14, 15})}},
          {"expand_and_stride",
           make_chain({silu, with(silu, 24, 2, 2)}),
           {random_input({2, 7, 17, 12}), random_input({24, 7, 1, 1}), random_input({24}),
            random_input({24, 1, 5, 5}), random_input({24})}},
          {"first_layers",
           make_chain({with(relu6, 1, 2, 1), with(relu6, 20, 1, 1), plain}),
           {random_input({1, 3, 21, 22}), random_input({20, 3, 3, 3}), random_input({20}),
            random_input({20, 1, 3, 3}), absent_input(), random_input({36, 20, 1, 1})}},
          {"preactivation",
           with_prologue(make_chain({relu6}), "mul x0 x1; add t0 x2; relu t1", 2),
           {random_input({1, 40, 9, 11}), random_input({40, 1, 1}), random_input({1, 40, 1, 1}),
            random_input({24, 40, 1, 1}), random_input({24})}},
          {"gate",
           with_prologue(make_chain({sum}), "mul x0 x1", 1),
           {random_input({2, 21, 7, 5}), random_input({2, 21, 1, 1}), random_input({19, 21, 1, 1}),
            random_input({19}), random_input({2, 19, 7, 5})}},
          {"many_rows",
           make_chain({with(plain, 1, 1, 0), with(plain, 16, 2, 0), plain}),
           {random_input({1, 4, 70, 9}), random_input({16, 4, 1, 1}), absent_input(),
            random_input({16, 1, 3, 3}), absent_input(), random_input({16, 16, 1, 1})}}};
}

}  // namespace

Attrs chain_conv(const Attrs& chain, size_t i) {
  Attrs out;
  for (const Part& part : kParts) {
    const Ints all = chain.get_ints(part.name);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * part.count);
    out.set(part.name, Ints(begin, begin + static_cast<std::ptrdiff_t>(part.count)));
  }
  out.set("group", chain.get_ints("groups")[i]);
  const Strings inner = chain.get<Strings>("inner_epilogues");
  out.set("epilogue", i < inner.size() ? inner[i] : chain.get_string("epilogue"));
  return out;
}

Attrs make_chain(const std::vector<Attrs>& convs) {
  Attrs out;
  Ints groups;
  Strings epilogues;
  for (const Attrs& conv : convs) {
    groups.push_back(conv.get_int("group", 1));
    epilogues.push_back(conv.get_string("epilogue"));
  }
  for (const Part& part : kParts) {
    Ints all;
    for (const Attrs& conv : convs) {
      Ints own = conv.get_ints(part.name);
      if (own.empty()) own.assign(part.count, part.fallback);
      all.insert(all.end(), own.begin(), own.end());
    }
    out.set(part.name, std::move(all));
  }
  out.set("groups", std::move(groups));
  out.set("epilogue", std::move(epilogues.back()));
  epilogues.pop_back();
  out.set("inner_epilogues", std::move(epilogues));
  return out;
}

}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ConvChain() {
  static const OpDef op{
      "ConvChain",
      0,  // any may be absent: biases are, and `infer` looks after the others
      kVariadic,
      1,
      1,
      {required<Ints>("dilations"), ops::epilogue_attr(), required<Ints>("groups"),
       required<Strings>("inner_epilogues"), required<Ints>("pads"), optional<std::string>("prologue", ""),
       optional<int64_t>("prologue_inputs", 0), required<Ints>("strides")},
      ops::infer,
      ops::eval,
      ops::cost};
  return op;
}

std::vector<OpCase> cases_ConvChain() { return ops::cases(); }

}  // namespace ingot
