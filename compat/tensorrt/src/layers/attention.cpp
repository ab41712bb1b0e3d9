// Attention, RotaryEmbedding, KVCacheUpdate: the parts of transformers; from TensorRT 10 on.
#include "emit.h"

#if NV_TENSORRT_MAJOR >= 10

#include "layers/boundary.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::AttentionNormalizationOp;
using nvinfer1::ITensor;
using nvinfer1::LayerType;

// The object that clients hold; its inputs are those of its layer: query, key, value, mask, of four dims.
class Attention final : public nvinfer1::IAttention, public Unsupported<nvinfer1::apiv::VAttention> {
 public:
  enum Causal : int32_t { kNone, kUpperLeft, kLowerRight };

  Attention(Layer& layer, AttentionNormalizationOp operation, Causal causal)
      : layer_(layer), operation_(operation), causal_(causal) {
    mImpl = this;
  }

  bool setInput(int32_t index, ITensor& t) noexcept override { return layer_.setInput(index, t), true; }
  int32_t getNbInputs() const noexcept override { return layer_.getNbInputs(); }
  ITensor* getInput(int32_t index) const noexcept override { return layer_.getInput(index); }
  int32_t getNbOutputs() const noexcept override { return layer_.getNbOutputs(); }
  ITensor* getOutput(int32_t index) const noexcept override { return layer_.getOutput(index); }
  bool setName(const char* name) noexcept override { return layer_.setName(name), name != nullptr; }
  const char* getName() const noexcept override { return layer_.getName(); }
  bool setMetadata(const char* text) noexcept override { return layer_.setMetadata(text), true; }
  const char* getMetadata() const noexcept override { return layer_.getMetadata(); }
  INGOT_ACCEPTED_PARAMETER(AttentionNormalizationOp, NormalizationOperation, operation_)
  INGOT_ACCEPTED_PARAMETER(bool, Decomposable, decomposable_)
  INGOT_ACCEPTED_PARAMETER(nvinfer1::DataType, NormalizationQuantizeToType, quantize_type_)
  bool setCausal(bool on) noexcept override { return causal_ = on ? kUpperLeft : kNone, changed(), true; }
  bool getCausal() const noexcept override { return causal_ != kNone; }
  bool setMask(ITensor& mask) noexcept override { return setInput(3, mask); }
  ITensor* getMask() const noexcept override { return getInput(3); }
  // Probabilities are kept in the wide type.
  bool setNormalizationQuantizeScale(ITensor& scale) noexcept override {
    return quantize_scale_ = &scale, true;
  }
  ITensor* getNormalizationQuantizeScale() const noexcept override { return quantize_scale_; }
  bool setNbRanks(int32_t ranks) noexcept override { return layer_.setNbRanks(ranks); }
  int32_t getNbRanks() const noexcept override { return layer_.getNbRanks(); }
#if NV_TENSORRT_MAJOR >= 11
  bool setCausalKind(nvinfer1::CausalMaskKind kind) noexcept override {
    return causal_ = static_cast<Causal>(kind), changed(), true;
  }
  nvinfer1::CausalMaskKind getCausalKind() const noexcept override {
    return static_cast<nvinfer1::CausalMaskKind>(causal_);
  }
  bool setQueryForm(nvinfer1::AttentionIOForm form) noexcept override { return is_padded(form); }
  nvinfer1::AttentionIOForm getQueryForm() const noexcept override { return {}; }
  bool setKeyValueForm(nvinfer1::AttentionIOForm form) noexcept override { return is_padded(form); }
  nvinfer1::AttentionIOForm getKeyValueForm() const noexcept override { return {}; }
  bool setQueryLengths(ITensor* lengths) noexcept override { return lengths == nullptr; }
  ITensor* getQueryLengths() const noexcept override { return nullptr; }
  bool setKeyValueLengths(ITensor* lengths) noexcept override { return lengths == nullptr; }
  ITensor* getKeyValueLengths() const noexcept override { return nullptr; }
#endif

  // Scores are not scaled: clients scale the query.
  Values emit(ingot::Network& g, const Values& in) {
    Emit e(g, layer_.name());
    Values all(in.begin(), in.begin() + 3);
    NetworkTensor mask = input_at(in, 3);
    if (causal_ == kLowerRight) mask = lower_right(e, in, mask);
    if (operation_ == AttentionNormalizationOp::kNONE) {
      NetworkTensor scores = e("MatMul", {in[0], e.transpose(in[1], {0, 1, 3, 2})});
      if (mask.valid()) scores = e("Mul", {scores, e.cast(mask, e.type(scores))});
      return {e("MatMul", {scores, in[2]})};
    }
    if (mask.valid()) all.push_back(mask);
    return {e("Attention", all, {{"scale", 1.0f}, {"is_causal", int64_t{causal_ == kUpperLeft}}})};
  }

 private:
#if NV_TENSORRT_MAJOR >= 11
  static bool is_padded(nvinfer1::AttentionIOForm form) {
    return form == nvinfer1::AttentionIOForm::kPADDED_BHND;
  }
#endif
  // The last query sees all keys: key j is seen by query i when j <= i + keys - queries.
  NetworkTensor lower_right(Emit& e, const Values& in, NetworkTensor mask) const {
    const NetworkTensor queries = e.size(in[0], 2), keys = e.size(in[1], 2);
    const NetworkTensor last = e("Add", {e.range(queries), e("Sub", {keys, queries})});
    const NetworkTensor seen = e("LessOrEqual", {e.range(keys), e.unsqueeze(last, {-1})});
    if (!mask.valid()) return seen;
    return e.type(mask) == DataType::kBool ? e("And", {mask, seen})
                                           : e("Where", {seen, mask, e.scalar(-65504, e.type(mask))});
  }

  void changed() { layer_.changed(); }

  Layer& layer_;
  AttentionNormalizationOp operation_;
  Causal causal_;
  bool decomposable_ = false;
  nvinfer1::DataType quantize_type_ = nvinfer1::DataType::kFLOAT;
  ITensor* quantize_scale_ = nullptr;
};

class AttentionLayer final
    : public BoundaryLayerOf<nvinfer1::IAttentionOutputLayer, nvinfer1::apiv::VAttentionOutputLayer,
                             nvinfer1::apiv::VAttentionBoundaryLayer> {
 public:
  AttentionLayer(NetworkDefinition& network, std::vector<Tensor*> inputs, AttentionNormalizationOp operation,
                 Attention::Causal causal)
      : BoundaryLayerOf(network, LayerType::kATTENTION_OUTPUT, std::move(inputs)),
        attention_(*this, operation, causal) {}
  nvinfer1::IAttention* getAttention() const noexcept override { return &attention_; }
  Values emit(ingot::Network& g, const Values& in) override { return attention_.emit(g, in); }

 private:
  mutable Attention attention_;
};

// Inputs: x, cosines, sines, position ids.
class RotaryEmbeddingLayer final
    : public LayerOf<nvinfer1::IRotaryEmbeddingLayer, nvinfer1::apiv::VRotaryEmbeddingLayer> {
 public:
  RotaryEmbeddingLayer(NetworkDefinition& network, Tensor* x, Tensor* cosines, Tensor* sines,
                       bool interleaved, int32_t dim)
      : LayerOf(network, LayerType::kROTARY_EMBEDDING, {x, cosines, sines}),
        interleaved_(interleaved),
        dim_(dim) {}
  INGOT_PARAMETER(bool, Interleaved, interleaved_)
  INGOT_ACCEPTED_PARAMETER(int32_t, RotaryEmbeddingDim, dim_)
  void setInput(int32_t index, ITensor& t) noexcept override { Layer::setInput(index, t); }
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    Values all = in;
    if (input_at(in, 3).valid()) all[3] = e.shape_tensor(in[3]);
    return {e("RotaryEmbedding", all,
              {{"interleaved", int64_t{interleaved_}}, {"rotary_embedding_dim", int64_t{dim_}}})};
  }

 private:
  bool interleaved_;
  int32_t dim_;
};

// Inputs: cache [B, H, most, D], the new rows, and for each batch where they go.
class KVCacheUpdateLayer final
    : public LayerOf<nvinfer1::IKVCacheUpdateLayer, nvinfer1::apiv::VKVCacheUpdateLayer> {
 public:
  KVCacheUpdateLayer(NetworkDefinition& network, std::vector<Tensor*> inputs, nvinfer1::KVCacheMode mode)
      : LayerOf(network, LayerType::kKVCACHE_UPDATE, std::move(inputs)), mode_(mode) {}
  INGOT_ACCEPTED_PARAMETER(nvinfer1::KVCacheMode, CacheMode, mode_)
#if NV_TENSORRT_MAJOR >= 11
  bool setUpdateForm(nvinfer1::AttentionIOForm form) noexcept override {
    return form == nvinfer1::AttentionIOForm::kPADDED_BHND;
  }
  nvinfer1::AttentionIOForm getUpdateForm() const noexcept override { return {}; }
  bool setUpdateLengths(ITensor* lengths) noexcept override { return lengths == nullptr; }
  ITensor* getUpdateLengths() const noexcept override { return nullptr; }
#endif
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    return {e("TensorScatter", {in[0], in[1], e.shape_tensor(in[2])}, {{"axis", int64_t{-2}}})};
  }

 private:
  nvinfer1::KVCacheMode mode_;
};

}  // namespace

nvinfer1::IAttention* NetworkDefinition::addAttention(ITensor& query, ITensor& key, ITensor& value,
                                                      AttentionNormalizationOp operation,
                                                      bool causal) noexcept {
  return add<AttentionLayer>(std::vector{tensor(query), tensor(key), tensor(value)}, operation,
                             causal ? Attention::kUpperLeft : Attention::kNone)
      ->getAttention();
}
#if NV_TENSORRT_MAJOR >= 11
nvinfer1::IAttention* NetworkDefinition::addAttentionV2(ITensor& query, ITensor& key, ITensor& value,
                                                        AttentionNormalizationOp operation,
                                                        nvinfer1::CausalMaskKind causal) noexcept {
  return add<AttentionLayer>(std::vector{tensor(query), tensor(key), tensor(value)}, operation,
                             static_cast<Attention::Causal>(causal))
      ->getAttention();
}
#endif
nvinfer1::IRotaryEmbeddingLayer* NetworkDefinition::addRotaryEmbedding(ITensor& x, ITensor& cosines,
                                                                       ITensor& sines, bool interleaved,
                                                                       int32_t dim) noexcept {
  return add<RotaryEmbeddingLayer>(tensor(x), tensor(cosines), tensor(sines), interleaved, dim);
}
nvinfer1::IKVCacheUpdateLayer* NetworkDefinition::addKVCacheUpdate(ITensor& cache, ITensor& update,
                                                                   ITensor& at,
                                                                   nvinfer1::KVCacheMode mode) noexcept {
  return add<KVCacheUpdateLayer>(std::vector{tensor(cache), tensor(update), tensor(at)}, mode);
}

}  // namespace ingot::tensorrt

#endif
