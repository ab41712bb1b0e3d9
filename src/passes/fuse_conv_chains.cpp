// A convolution, the depthwise one that alone reads its result, and the pointwise one after that become a
// ConvChain, where what lies between is too large for a core's second cache. So does a pointwise convolution
// with the program before it that scales channels: batch normalisation before an activation, or a gate.
#include "ops/conv_chain.h"
#include "ops/pointwise_program.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

constexpr size_t kExtras = 3;  // input index of a Conv's first extra input
// Less than that much between two layers stays in a cache anyway; narrow images make narrow tiles.
constexpr int64_t kWorthFusing = 256 << 10, kLeastWidth = 12;
// A first layer may have any kernel; others with large ones have better algorithms of their own.
constexpr int64_t kFewChannels = 4;
constexpr size_t kLongest = 8;  // instructions of a program between two convolutions
constexpr int64_t kWorthPrologue = 16 << 10;

// An image's convolution with constant weights and explicit padding.
bool is_plain_conv(const Node& n) {
  if (!n.is("Conv") || n.input(0)->dtype() != DataType::kF32 || n.output()->type().rank() != 4) return false;
  if (n.attrs().get_string("auto_pad", "NOTSET") != "NOTSET") return false;
  if (n.inputs().size() > 2 && n.input(2) != nullptr && !n.input(2)->is_constant()) return false;
  return n.input(1)->is_constant() && n.input(0)->shape()[1].is_const();
}

bool has_extras(const Node& n) { return n.inputs().size() > kExtras; }
int64_t group_of(const Node& n) { return n.attrs().get_int("group", 1); }
const Dims& filter_of(const Node& n) { return n.input(1)->constant().dims(); }

bool is_depthwise(const Node& n) {
  return is_plain_conv(n) && group_of(n) > 1 && filter_of(n)[0] == group_of(n) && filter_of(n)[1] == 1;
}
bool is_pointwise(const Node& n) {
  return is_plain_conv(n) && group_of(n) == 1 && filter_of(n)[2] == 1 && filter_of(n)[3] == 1 &&
         all_are(n.attrs().get_ints("strides"), 1) && all_are(n.attrs().get_ints("pads"), 0);
}

// Bytes of one image, or 0 where the size is not fixed.
int64_t image_bytes(const Value& v) {
  int64_t bytes = 4;
  for (size_t i = 1; i < v.shape().size(); ++i) bytes *= v.shape()[i].is_const() ? v.shape()[i].value() : 0;
  return bytes;
}

// Whether `n` may stand before another in a chain: its epilogue reads nothing else and is short.
bool fits_inside(const Node& n) {
  const auto program = ops::PointwiseProgram::parse(n.attrs().get_string("epilogue"));
  return !has_extras(n) && used_once(n.output()) &&
         (!program.ok() || program->instructions.size() <= kLongest);
}

// The convolution before `depthwise`, where it is worth fusing; or null.
Node* first_of(const Node& depthwise) {
  Node* first = producer(depthwise.input(0), "Conv");
  if (first == nullptr || !is_plain_conv(*first) || group_of(*first) != 1 || !fits_inside(*first))
    return nullptr;
  const bool cheap = is_pointwise(*first) || filter_of(*first)[1] <= kFewChannels;
  const Dim& width = depthwise.output()->shape()[3];
  return cheap && image_bytes(*first->output()) >= kWorthFusing && width.is_const() &&
                 width.value() >= kLeastWidth
             ? first
             : nullptr;
}

// The convolution after `depthwise`, where it can be fused; or null.
Node* last_of(const Node& depthwise) {
  if (!fits_inside(depthwise)) return nullptr;
  Node* last = only_user(depthwise.output());
  return is_pointwise(*last) && last->input(0) == depthwise.output() ? last : nullptr;
}

// `convs` become one node in place of the last.
Status fuse(const std::vector<Node*>& convs) {
  std::vector<Value*> inputs = {convs[0]->input(0)};
  std::vector<Attrs> attrs;
  for (const Node* conv : convs) {
    inputs.push_back(conv->input(1));
    inputs.push_back(conv->inputs().size() > 2 ? conv->input(2) : nullptr);
    attrs.push_back(conv->attrs());
  }
  for (size_t i = kExtras; i < convs.back()->inputs().size(); ++i) inputs.push_back(convs.back()->input(i));
  while (inputs.back() == nullptr) inputs.pop_back();
  return replace_by(convs.back(), "ConvChain", std::move(inputs), ops::make_chain(attrs)).status();
}

// Whether a program on `x` may read `v`: one number for each channel, or one for all.
bool is_channel_operand(const Value& v, const Value& x) {
  const Shape& s = v.shape();
  if (v.is_constant() && v.constant().size() == 1) return true;
  const bool ones = s.size() >= 3 && s[s.size() - 1].is(1) && s[s.size() - 2].is(1);
  if (!ones || !(s[s.size() - 3] == x.shape()[1])) return false;
  if (v.is_constant()) return s.size() == 3 || s[0].is(1);
  return s.size() == 4 && s[0] == x.shape()[0];
}

// The input of `program` that has the shape of its result, where all others are for channels; or -1.
int main_input(const Node& program) {
  int main = -1;
  for (size_t i = 0; i < program.inputs().size(); ++i) {
    const Value& v = *program.input(i);
    if (!v.is_constant() && v.type() == program.output()->type()) {
      if (main >= 0) return -1;
      main = static_cast<int>(i);
    }
  }
  for (size_t i = 0; i < program.inputs().size(); ++i)
    if (static_cast<int>(i) != main && main >= 0 && !is_channel_operand(*program.input(i), *program.output()))
      return -1;
  return main;
}

Status fuse_prologue(Node* conv) {
  const Node* before = producer(conv->input(0), "Pointwise");
  if (before == nullptr || !is_plain_conv(*conv) || !is_pointwise(*conv) || !used_once(conv->input(0)) ||
      image_bytes(*conv->input(0)) < kWorthPrologue)
    return {};
  const int main = main_input(*before);
  INGOT_ASSIGN_OR_RETURN(ops::PointwiseProgram program,
                         ops::PointwiseProgram::parse(before->attrs().get_string("program")));
  if (main < 0 || program.instructions.size() > kLongest) return {};
  std::vector<Value*> inputs = {before->input(static_cast<size_t>(main))};
  for (size_t i = 0; i < before->inputs().size(); ++i)
    if (static_cast<int>(i) != main) inputs.push_back(before->input(i));
  for (ops::PointwiseInstruction& instruction : program.instructions)
    for (ops::PointwiseOperand& o : instruction.operands)
      if (o.kind == ops::PointwiseOperand::kInput)
        o.index = o.index == main ? 0 : o.index < main ? o.index + 1 : o.index;
  Attrs attrs = ops::make_chain({conv->attrs()});
  attrs.set("prologue", program.to_string());
  attrs.set("prologue_inputs", static_cast<int64_t>(inputs.size()) - 1);
  inputs.insert(inputs.end(), conv->inputs().begin() + 1, conv->inputs().end());
  return replace_by(conv, "ConvChain", std::move(inputs), std::move(attrs)).status();
}

}  // namespace

Status fuse_conv_chains(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (!node->is("Conv")) continue;
    Node* depthwise = is_depthwise(*node) ? node : producer(node->input(0), "Conv");
    if (depthwise == nullptr || !is_depthwise(*depthwise)) continue;
    Node* first = first_of(*depthwise);
    Node* last = last_of(*depthwise);
    if (first == nullptr || node != (last != nullptr ? last : depthwise)) continue;
    std::vector<Node*> convs = {first, depthwise};
    if (last != nullptr) convs.push_back(last);
    INGOT_RETURN_IF_ERROR(fuse(convs));
  }
  for (Node* node : graph.node_list())
    if (node->is("Conv")) INGOT_RETURN_IF_ERROR(fuse_prologue(node));
  return {};
}

}  // namespace ingot::passes
