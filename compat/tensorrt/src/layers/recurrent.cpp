// RNNv2 (TensorRT 8): stacked recurrent layers with weights for each gate, as ONNX's RNN, LSTM and GRU.
#include "emit.h"

#if NV_TENSORRT_MAJOR == 8

#include <cstring>

namespace ingot::tensorrt {
namespace {

using nvinfer1::ITensor;
using nvinfer1::RNNDirection;
using nvinfer1::RNNGateType;
using nvinfer1::RNNInputMode;
using nvinfer1::RNNOperation;
using nvinfer1::Weights;

// In ONNX's order.
std::vector<RNNGateType> gates(RNNOperation operation) {
  switch (operation) {
    case RNNOperation::kLSTM:
      return {RNNGateType::kINPUT, RNNGateType::kOUTPUT, RNNGateType::kFORGET, RNNGateType::kCELL};
    case RNNOperation::kGRU:
      return {RNNGateType::kUPDATE, RNNGateType::kRESET, RNNGateType::kHIDDEN};
    default:
      return {RNNGateType::kINPUT};
  }
}

// Input [batch.., time, size]; outputs: all states [batch.., time, hidden], the last of each layer and
// direction [batch.., layers, hidden], and the last cells of LSTMs.
class RNNv2Layer final : public LayerOf<nvinfer1::IRNNv2Layer, nvinfer1::apiv::VRNNv2Layer> {
 public:
  RNNv2Layer(NetworkDefinition& n, Tensor* x, int32_t layers, int32_t hidden, int32_t length,
             RNNOperation operation)
      : LayerOf(n, nvinfer1::LayerType::kRNN_V2, {x}),
        layers_(layers),
        hidden_(hidden),
        length_(length),
        operation_(operation) {}

  int32_t getLayerCount() const noexcept override { return layers_; }
  int32_t getHiddenSize() const noexcept override { return hidden_; }
  int32_t getMaxSeqLength() const noexcept override { return length_; }
  int32_t getDataLength() const noexcept override {
    const nvinfer1::Dims dims = Layer::inputs()[0]->getDimensions();
    return dims.nbDims < 1 ? -1 : dims.d[dims.nbDims - 1];
  }
  INGOT_PARAMETER(RNNOperation, Operation, operation_)
  INGOT_PARAMETER(RNNInputMode, InputMode, input_mode_)
  INGOT_PARAMETER(RNNDirection, Direction, direction_)
  void setSequenceLengths(ITensor& t) noexcept override { set(kLengths, t); }
  ITensor* getSequenceLengths() const noexcept override { return Layer::getInput(kLengths); }
  void setHiddenState(ITensor& t) noexcept override { set(kHidden, t); }
  ITensor* getHiddenState() const noexcept override { return Layer::getInput(kHidden); }
  void setCellState(ITensor& t) noexcept override { set(kCell, t); }
  ITensor* getCellState() const noexcept override { return Layer::getInput(kCell); }
  void setWeightsForGate(int32_t layer, RNNGateType gate, bool input, Weights weights) noexcept override {
    weights_[{layer, gate, input}] = weights, changed();
  }
  Weights getWeightsForGate(int32_t layer, RNNGateType gate, bool input) const noexcept override {
    return find(weights_, layer, gate, input);
  }
  void setBiasForGate(int32_t layer, RNNGateType gate, bool input, Weights weights) noexcept override {
    biases_[{layer, gate, input}] = weights, changed();
  }
  Weights getBiasForGate(int32_t layer, RNNGateType gate, bool input) const noexcept override {
    return find(biases_, layer, gate, input);
  }

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const ShapeDims dims = e.dims(in[0]);
    if (dims.size() < 2 || dims.back() < 1 || hidden_ < 1 || layers_ < 1) return {};
    const bool lstm = operation_ == RNNOperation::kLSTM;
    const int64_t ways = direction_ == RNNDirection::kBIDIRECTION ? 2 : 1, time = dims[dims.size() - 2];
    // [time, batch, size], with all leading dims as the batch
    NetworkTensor x = e.transpose(e.reshape(in[0], {-1, time, dims.back()}), {1, 0, 2});
    Values hidden, cells;
    int64_t size = dims.back();
    for (int32_t l = 0; l < layers_; ++l, size = ways * hidden_) {
      Values made = one_layer(e, in, x, l, ways, size);
      if (made.empty()) return {};
      // [time, ways, batch, hidden] -> [time, batch, ways * hidden]
      x = e.reshape(e.transpose(made[0], {0, 2, 1, 3}), {time, -1, ways * hidden_});
      hidden.push_back(made[1]);
      if (lstm) cells.push_back(made[2]);
    }
    Values out = {with_batch(e, in[0], e.transpose(x, {1, 0, 2})), joined(e, in[0], hidden)};
    if (lstm) out.push_back(joined(e, in[0], cells));
    return out;
  }

 private:
  enum : int32_t { kLengths = 1, kHidden, kCell };
  using Key = std::tuple<int32_t, RNNGateType, bool>;

  void set(int32_t index, ITensor& t) { replace_input(index, t), changed(); }
  static Weights find(const std::map<Key, Weights>& all, int32_t layer, RNNGateType gate, bool input) {
    const auto it = all.find({layer, gate, input});
    return it == all.end() ? Weights{nvinfer1::DataType::kFLOAT, nullptr, 0} : it->second;
  }

  // Weights of all gates and directions of one layer, one behind the other; zeros where none were given.
  NetworkTensor gathered(Emit& e, const std::map<Key, Weights>& from, int32_t layer, int64_t ways,
                         const std::vector<bool>& sides, const ShapeDims& dims, bool unit) {
    const auto all = gates(operation_);
    int64_t each = 1;
    for (int64_t d : dims) each *= d;
    each /= ways * static_cast<int64_t>(sides.size() * all.size());
    std::vector<float> values;
    for (int64_t way = 0; way < ways; ++way)
      for (bool input : sides)
        for (RNNGateType gate : all) {
          const Weights w = find(from, static_cast<int32_t>(layer * ways + way), gate, input);
          const size_t at = values.size();
          values.resize(at + static_cast<size_t>(each));
          if (unit && w.count == 0)
            for (int64_t i = 0; i < hidden_; ++i) values[at + static_cast<size_t>(i * hidden_ + i)] = 1;
          if (w.count == 0) continue;
          if (w.count != each || w.type != nvinfer1::DataType::kFLOAT || w.values == nullptr) return {};
          std::memcpy(values.data() + at, w.values, static_cast<size_t>(each) * sizeof(float));
        }
    return e.graph().constant({DataType::kF32, dims, values.data()}, name() + "_weights");
  }

  Values one_layer(Emit& e, const Values& in, NetworkTensor x, int32_t layer, int64_t ways, int64_t size) {
    const int64_t rows = static_cast<int64_t>(gates(operation_).size()) * hidden_;
    const bool skips = layer == 0 && input_mode_ == RNNInputMode::kSKIP;  // the input has no weights: E == H
    if (skips && size != hidden_) return {};
    const NetworkTensor w = gathered(e, weights_, layer, ways, {true}, {ways, rows, size}, skips),
                        r = gathered(e, weights_, layer, ways, {false}, {ways, rows, hidden_}, false),
                        b = gathered(e, biases_, layer, ways, {true, false}, {ways, 2 * rows}, false);
    if (!w.valid() || !r.valid() || !b.valid()) return {};
    Values inputs = {x, w, r, b, input_at(in, kLengths), first(e, input_at(in, kHidden), layer, ways)};
    NodeAttrs attrs = {{"hidden_size", int64_t{hidden_}},
                       {"direction", std::string(ways == 2 ? "bidirectional" : "forward")}};
    const char* op = "RNN";
    int outputs = 2;
    if (operation_ == RNNOperation::kLSTM) {
      op = "LSTM";
      outputs = 3;
      inputs.push_back(first(e, input_at(in, kCell), layer, ways));
    } else if (operation_ == RNNOperation::kGRU) {
      op = "GRU";
      attrs["linear_before_reset"] = int64_t{1};
    } else {
      attrs["activations"] = std::vector<std::string>(static_cast<size_t>(ways),
                                                      operation_ == RNNOperation::kRELU ? "Relu" : "Tanh");
    }
    return e.graph().add(op, inputs, attrs, outputs, name());
  }

  // The layer's part of initial states [batch.., layers, hidden], as [ways, batch, hidden].
  NetworkTensor first(Emit& e, NetworkTensor states, int32_t layer, int64_t ways) const {
    if (!states.valid()) return {};
    const NetworkTensor flat = e.reshape(states, {-1, layers_ * ways, hidden_});
    const NetworkTensor part =
        e("Slice", {flat, e.ints({layer * ways}), e.ints({(layer + 1) * ways}), e.ints({1})});
    return e.transpose(part, {1, 0, 2});
  }
  // States of all layers, each [ways, batch, hidden], as [batch.., layers, hidden].
  NetworkTensor joined(Emit& e, NetworkTensor like, const Values& states) const {
    return with_batch(e, like, e.transpose(e("Concat", states, {{"axis", int64_t{0}}}), {1, 0, 2}));
  }
  // [batch, a, b] with the leading dims of `like`.
  static NetworkTensor with_batch(Emit& e, NetworkTensor like, NetworkTensor x) {
    const int64_t batch_rank = e.rank(like) - 2;
    if (batch_rank == 1) return x;
    const NetworkTensor batch = e("Slice", {e.shape(like), e.ints({0}), e.ints({batch_rank})}),
                        rest = e("Slice", {e.shape(x), e.ints({1}), e.ints({3})});
    return e("Reshape", {x, e("Concat", {batch, rest}, {{"axis", int64_t{0}}})});
  }

  int32_t layers_, hidden_, length_;
  RNNOperation operation_;
  RNNInputMode input_mode_ = RNNInputMode::kLINEAR;
  RNNDirection direction_ = RNNDirection::kUNIDIRECTION;
  std::map<Key, Weights> weights_, biases_;
};

}  // namespace

nvinfer1::IRNNv2Layer* NetworkDefinition::addRNNv2(nvinfer1::ITensor& x, int32_t layers, int32_t hidden,
                                                   int32_t length, RNNOperation operation) noexcept {
  const int outputs = operation == RNNOperation::kLSTM ? 3 : 2;
  return add_with_outputs<RNNv2Layer>(outputs, tensor(x), layers, hidden, length, operation);
}

}  // namespace ingot::tensorrt

#endif
