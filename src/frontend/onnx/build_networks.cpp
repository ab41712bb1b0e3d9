// Operators that only training tells apart, recurrent layers, control flow, machine-learning models.
#include <algorithm>
#include <limits>

#include "frontend/onnx/node_builder.h"

namespace ingot::onnx_import {

// Outputs beyond the first belong to training, in which versions below 14 were told by the outputs' number.
void build_batch_norm(NodeBuilder& b) {
  for (const char* unused : {"consumed_inputs", "is_test", "momentum"}) b.attrs.erase(unused);
  if (b.take<int64_t>("spatial", 1) != 1) return b.fail(unsupported("spatial=0 is not supported"));
  b.set_output(0, b.add("BatchNormalization", b.inputs, b.attrs));
}

void build_dropout(NodeBuilder& b) {
  Value* x = b.required(0);
  if (const Value* training = b.input(2)) {
    if (!training->is_constant() || training->dtype() != DataType::kBool || training->constant().size() != 1)
      return b.fail(unsupported("training_mode has to be a constant"));
    if (training->constant().span<bool>()[0]) return b.fail(unsupported("training is not supported"));
  }
  b.set_output(0, b.add("Identity", {x}));
  if (!b.wants(1)) return;
  const DataType type = b.version < 10 ? x->dtype() : DataType::kBool;
  b.set_output(1, b.add("ConstantOfShape", {b.add("Shape", {x})}, {{"value", b.filled(type, 1, {1})}}));
}

// GRU, LSTM, RNN: batch-first data (layout 1) is transposed around the operator.
void build_recurrent(NodeBuilder& b) {
  b.attrs.erase("output_sequence");  // of version 1: whether Y is wanted
  if (b.take<int64_t>("layout") == 0) return b.same();
  const auto transpose = [&](Value* value, Ints perm) {
    return value ? b.add("Transpose", {value}, {{"perm", std::move(perm)}}) : nullptr;
  };
  for (size_t i : {0, 5, 6})
    if (i < b.inputs.size()) b.inputs[i] = transpose(b.inputs[i], {1, 0, 2});
  Node* node = b.add_node(b.proto.op_type, b.inputs, b.attrs, b.num_outputs());
  if (node == nullptr) return;
  // Y is [steps, directions, batch, hidden]; the others are [directions, batch, hidden].
  for (size_t i = 0; i < b.num_outputs(); ++i)
    if (b.wants(i)) b.set_output(i, transpose(node->output(i), i == 0 ? Ints{2, 0, 1, 3} : Ints{1, 0, 2}));
}

void build_if(NodeBuilder& b) { b.add_control_flow({}); }

namespace {

TensorType of_any_shape(const Value* value) {
  return TensorType::unranked(value ? value->dtype() : DataType::kInvalid);
}

}  // namespace

// The body takes the iteration, the condition and the carried values. Without a count, or without a condition
// to begin with, the loop is bound by the other alone.
void build_loop(NodeBuilder& b) {
  b.inputs.resize(std::max<size_t>(b.inputs.size(), 2));
  if (b.inputs[0] == nullptr) b.inputs[0] = b.scalar_int(std::numeric_limits<int64_t>::max());
  if (b.inputs[1] == nullptr) b.inputs[1] = b.constant(b.filled(DataType::kBool, 1));
  std::vector<TensorType> formals = {{DataType::kI64, {}}, {DataType::kBool, {}}};
  for (size_t i = 2; i < b.inputs.size(); ++i) formals.push_back(of_any_shape(b.inputs[i]));
  b.add_control_flow(formals);
}

// The body takes the states, then one slice of each scanned input.
void build_scan(NodeBuilder& b) {
  std::vector<TensorType> formals;
  for (const Value* input : b.inputs) formals.push_back(of_any_shape(input));
  b.add_control_flow(formals);
}

void build_ml(NodeBuilder& b) { b.same(str("ml.", b.proto.op_type)); }

// A sequence of maps from class to probability is only another form of the matrix of probabilities.
void build_zip_map(NodeBuilder& b) {
  b.note(str("'", b.name, "' (ZipMap): its output is the tensor of probabilities, one column per class"));
  b.set_output(0, b.input(0));
}

}  // namespace ingot::onnx_import
