// The graph text: whatever parses is a sound graph, prints to text that parses to the same, and can be
// interpreted or refused with a message, whatever the attributes and constants say.
#include "ir/infer.h"
#include "ir/interpreter.h"
#include "ir/text.h"

using namespace ingot;

namespace {

constexpr int64_t kSmall = 10000;  // elements: larger tensors only cost time

bool small(const Value* value) {
  if (!value) return true;
  const TensorType& type = value->type();
  if (!type.ranked || !is_static(type.shape)) return false;
  int64_t count = 1;
  for (const Dim& d : type.shape)
    if (__builtin_mul_overflow(count, d.value(), &count) || count > kSmall) return false;
  return count >= 0;
}

void run(const Graph& graph) {
  std::vector<Tensor> inputs;
  for (const Value* input : graph.inputs()) {
    if (!small(input)) return;
    auto tensor = Tensor::allocate(input->dtype(), *eval(input->shape(), {}));
    if (!tensor.ok()) return;
    inputs.push_back(*std::move(tensor));
  }
  for (const auto& node : graph.nodes()) {
    if (!node->subgraphs().empty()) return;  // a loop may be endless by right
    for (const Value* output : node->outputs())
      if (!small(output)) return;
  }
  const auto outputs = interpret(graph, inputs);
  INGOT_CHECK(!outputs.ok() || outputs.value().size() == graph.outputs().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = parse_graph({reinterpret_cast<const char*>(data), size});
  if (!graph.ok()) return 0;
  INGOT_CHECK(verify(**graph).ok());
  std::vector<Tensor> weights;
  const std::string text = print(**graph, {.weights = &weights});
  const auto again = parse_graph(text, weights);
  INGOT_CHECK(again.ok() && print(**again, {.weights = &weights}) == text);
  run(**graph);
  return 0;
}
