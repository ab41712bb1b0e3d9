// INetworkDefinition over an ingot::Network.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "engine_notes.h"
#include "ingot/network.h"
#include "layer.h"
#include "log.h"

namespace ingot::tensorrt {

/// A loop or conditional: owned by the network, seen by its layers.
class Construct {
 public:
  virtual ~Construct() = default;
};

class NetworkDefinition final : public nvinfer1::INetworkDefinition,
                                public Unsupported<nvinfer1::apiv::VNetworkDefinition> {
 public:
  NetworkDefinition(nvinfer1::IBuilder& builder, const Log& log, uint32_t flags);
  ~NetworkDefinition() noexcept override { log_.set_recorder(nullptr); }

  nvinfer1::ITensor* addInput(const char* name, nvinfer1::DataType type, DimsArgument dims) noexcept override;
  void markOutput(nvinfer1::ITensor& tensor) noexcept override;
  void unmarkOutput(nvinfer1::ITensor& tensor) noexcept override;
  bool markOutputForShapes(nvinfer1::ITensor& tensor) noexcept override;
  bool unmarkOutputForShapes(nvinfer1::ITensor& tensor) noexcept override;
  void removeTensor(nvinfer1::ITensor& tensor) noexcept override;
  int32_t getNbLayers() const noexcept override { return static_cast<int32_t>(layers_.size()); }
  nvinfer1::ILayer* getLayer(int32_t index) const noexcept override;
  int32_t getNbInputs() const noexcept override { return static_cast<int32_t>(inputs_.size()); }
  nvinfer1::ITensor* getInput(int32_t index) const noexcept override;
  int32_t getNbOutputs() const noexcept override { return static_cast<int32_t>(outputs_.size()); }
  nvinfer1::ITensor* getOutput(int32_t index) const noexcept override;
  void setName(const char* name) noexcept override { name_ = name == nullptr ? "" : name; }
  const char* getName() const noexcept override { return name_.c_str(); }
  bool hasImplicitBatchDimension() const noexcept override { return false; }
#if NV_TENSORRT_MAJOR == 8
  bool hasExplicitPrecision() const noexcept override { return false; }
#else
  uint32_t getFlags() const noexcept override { return flags_; }
  bool getFlag(nvinfer1::NetworkDefinitionCreationFlag flag) const noexcept override;
#endif
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  nvinfer1::IBuilder& getBuilder() const noexcept override { return builder_; }

  // Layers; each in the file of its kind under layers/.
  nvinfer1::IActivationLayer* addActivation(nvinfer1::ITensor& x,
                                            nvinfer1::ActivationType type) noexcept override;
  nvinfer1::IElementWiseLayer* addElementWise(nvinfer1::ITensor& a, nvinfer1::ITensor& b,
                                              nvinfer1::ElementWiseOperation operation) noexcept override;
  nvinfer1::IUnaryLayer* addUnary(nvinfer1::ITensor& x, nvinfer1::UnaryOperation operation) noexcept override;
  nvinfer1::IIdentityLayer* addIdentity(nvinfer1::ITensor& x) noexcept override;
  nvinfer1::IConstantLayer* addConstant(DimsArgument dims, nvinfer1::Weights weights) noexcept override;
  nvinfer1::IConvolutionLayer* addConvolutionNd(nvinfer1::ITensor& x, Extent maps, DimsArgument kernel,
                                                nvinfer1::Weights weights,
                                                nvinfer1::Weights bias) noexcept override;
  nvinfer1::IDeconvolutionLayer* addDeconvolutionNd(nvinfer1::ITensor& x, Extent maps, DimsArgument kernel,
                                                    nvinfer1::Weights weights,
                                                    nvinfer1::Weights bias) noexcept override;
  nvinfer1::IPoolingLayer* addPoolingNd(nvinfer1::ITensor& x, nvinfer1::PoolingType type,
                                        DimsArgument window) noexcept override;
  nvinfer1::IPaddingLayer* addPaddingNd(nvinfer1::ITensor& x, DimsArgument before,
                                        DimsArgument after) noexcept override;
  nvinfer1::IShuffleLayer* addShuffle(nvinfer1::ITensor& x) noexcept override;
  nvinfer1::ISliceLayer* addSlice(nvinfer1::ITensor& x, DimsArgument start, DimsArgument size,
                                  DimsArgument stride) noexcept override;
  nvinfer1::IConcatenationLayer* addConcatenation(nvinfer1::ITensor* const* parts,
                                                  int32_t count) noexcept override;
  nvinfer1::IShapeLayer* addShape(nvinfer1::ITensor& x) noexcept override;
  nvinfer1::ICastLayer* addCast(nvinfer1::ITensor& x, nvinfer1::DataType to) noexcept override;
  nvinfer1::IReduceLayer* addReduce(nvinfer1::ITensor& x, nvinfer1::ReduceOperation operation, uint32_t axes,
                                    bool keep) noexcept override;
  nvinfer1::ITopKLayer* addTopK(nvinfer1::ITensor& x, nvinfer1::TopKOperation operation, int32_t k,
                                uint32_t axes) noexcept override;
  nvinfer1::ISoftMaxLayer* addSoftMax(nvinfer1::ITensor& x) noexcept override;
  nvinfer1::IRaggedSoftMaxLayer* addRaggedSoftMax(nvinfer1::ITensor& x,
                                                  nvinfer1::ITensor& bounds) noexcept override;
  nvinfer1::IMatrixMultiplyLayer* addMatrixMultiply(nvinfer1::ITensor& a, nvinfer1::MatrixOperation op_a,
                                                    nvinfer1::ITensor& b,
                                                    nvinfer1::MatrixOperation op_b) noexcept override;
  nvinfer1::IEinsumLayer* addEinsum(nvinfer1::ITensor* const* inputs, int32_t count,
                                    const char* equation) noexcept override;
  nvinfer1::IGatherLayer* addGather(nvinfer1::ITensor& x, nvinfer1::ITensor& indices,
                                    int32_t axis) noexcept override;
  nvinfer1::IGatherLayer* addGatherV2(nvinfer1::ITensor& x, nvinfer1::ITensor& indices,
                                      nvinfer1::GatherMode mode) noexcept override;
  nvinfer1::IScatterLayer* addScatter(nvinfer1::ITensor& x, nvinfer1::ITensor& indices,
                                      nvinfer1::ITensor& updates,
                                      nvinfer1::ScatterMode mode) noexcept override;
  nvinfer1::ISelectLayer* addSelect(nvinfer1::ITensor& condition, nvinfer1::ITensor& yes,
                                    nvinfer1::ITensor& no) noexcept override;
  nvinfer1::IOneHotLayer* addOneHot(nvinfer1::ITensor& indices, nvinfer1::ITensor& values,
                                    nvinfer1::ITensor& depth, int32_t axis) noexcept override;
  nvinfer1::INonZeroLayer* addNonZero(nvinfer1::ITensor& x) noexcept override;
  nvinfer1::IReverseSequenceLayer* addReverseSequence(nvinfer1::ITensor& x,
                                                      nvinfer1::ITensor& lengths) noexcept override;
  nvinfer1::IScaleLayer* addScale(nvinfer1::ITensor& x, nvinfer1::ScaleMode mode, nvinfer1::Weights shift,
                                  nvinfer1::Weights scale, nvinfer1::Weights power) noexcept override;
  nvinfer1::IScaleLayer* addScaleNd(nvinfer1::ITensor& x, nvinfer1::ScaleMode mode, nvinfer1::Weights shift,
                                    nvinfer1::Weights scale, nvinfer1::Weights power,
                                    int32_t axis) noexcept override;
  nvinfer1::IParametricReLULayer* addParametricReLU(nvinfer1::ITensor& x,
                                                    nvinfer1::ITensor& slopes) noexcept override;
  nvinfer1::ILRNLayer* addLRN(nvinfer1::ITensor& x, Extent window, float alpha, float beta,
                              float k) noexcept override;
  nvinfer1::INormalizationLayer* addNormalization(nvinfer1::ITensor& x, nvinfer1::ITensor& scale,
                                                  nvinfer1::ITensor& bias, uint32_t axes) noexcept override;
  nvinfer1::IResizeLayer* addResize(nvinfer1::ITensor& x) noexcept override;
  nvinfer1::IGridSampleLayer* addGridSample(nvinfer1::ITensor& x, nvinfer1::ITensor& grid) noexcept override;
  nvinfer1::INMSLayer* addNMS(nvinfer1::ITensor& boxes, nvinfer1::ITensor& scores,
                              nvinfer1::ITensor& most) noexcept override;
  nvinfer1::IAssertionLayer* addAssertion(nvinfer1::ITensor& condition,
                                          const char* message) noexcept override;
  nvinfer1::IPluginV2Layer* addPluginV2(nvinfer1::ITensor* const* inputs, int32_t count,
                                        nvinfer1::IPluginV2& plugin) noexcept override;
#if NV_TENSORRT_MAJOR == 8
  nvinfer1::IConvolutionLayer* addConvolution(nvinfer1::ITensor& x, int32_t maps, nvinfer1::DimsHW kernel,
                                              nvinfer1::Weights weights,
                                              nvinfer1::Weights bias) noexcept override;
  nvinfer1::IDeconvolutionLayer* addDeconvolution(nvinfer1::ITensor& x, int32_t maps, nvinfer1::DimsHW kernel,
                                                  nvinfer1::Weights weights,
                                                  nvinfer1::Weights bias) noexcept override;
  nvinfer1::IRNNv2Layer* addRNNv2(nvinfer1::ITensor& x, int32_t layers, int32_t hidden, int32_t length,
                                  nvinfer1::RNNOperation operation) noexcept override;
  nvinfer1::IFullyConnectedLayer* addFullyConnected(nvinfer1::ITensor& x, int32_t channels,
                                                    nvinfer1::Weights weights,
                                                    nvinfer1::Weights bias) noexcept override;
  nvinfer1::IPoolingLayer* addPooling(nvinfer1::ITensor& x, nvinfer1::PoolingType type,
                                      nvinfer1::DimsHW window) noexcept override;
  nvinfer1::IPaddingLayer* addPadding(nvinfer1::ITensor& x, nvinfer1::DimsHW before,
                                      nvinfer1::DimsHW after) noexcept override;
#endif
#if NV_TENSORRT_MAJOR < 11
  nvinfer1::IFillLayer* addFill(DimsArgument dims, nvinfer1::FillOperation operation) noexcept override;
  nvinfer1::IQuantizeLayer* addQuantize(nvinfer1::ITensor& x, nvinfer1::ITensor& scale) noexcept override;
  nvinfer1::IDequantizeLayer* addDequantize(nvinfer1::ITensor& x, nvinfer1::ITensor& scale) noexcept override;
#endif
  bool setWeightsName(nvinfer1::Weights weights, const char* name) noexcept override;
#if NV_TENSORRT_MAJOR >= 10
  bool markDebug(nvinfer1::ITensor& tensor) noexcept override;
  bool unmarkDebug(nvinfer1::ITensor& tensor) noexcept override;
  bool isDebugTensor(const nvinfer1::ITensor& tensor) const noexcept override;
  bool markWeightsRefittable(const char* name) noexcept override;
  bool unmarkWeightsRefittable(const char* name) noexcept override;
  bool areWeightsMarkedRefittable(const char* name) const noexcept override;
  nvinfer1::IPluginV3Layer* addPluginV3(nvinfer1::ITensor* const* inputs, int32_t count,
                                        nvinfer1::ITensor* const* shape_inputs, int32_t shapes,
                                        nvinfer1::IPluginV3& plugin) noexcept override;
  nvinfer1::ITopKLayer* addTopKV2(nvinfer1::ITensor& x, nvinfer1::TopKOperation operation, int32_t k,
                                  uint32_t axes, nvinfer1::DataType indices) noexcept override;
  nvinfer1::INonZeroLayer* addNonZeroV2(nvinfer1::ITensor& x, nvinfer1::DataType indices) noexcept override;
  nvinfer1::INMSLayer* addNMSV2(nvinfer1::ITensor& boxes, nvinfer1::ITensor& scores, nvinfer1::ITensor& most,
                                nvinfer1::DataType indices) noexcept override;
  nvinfer1::IFillLayer* addFillV2(DimsArgument dims, nvinfer1::FillOperation operation,
                                  nvinfer1::DataType type) noexcept override;
  nvinfer1::IQuantizeLayer* addQuantizeV2(nvinfer1::ITensor& x, nvinfer1::ITensor& scale,
                                          nvinfer1::DataType type) noexcept override;
  nvinfer1::IDequantizeLayer* addDequantizeV2(nvinfer1::ITensor& x, nvinfer1::ITensor& scale,
                                              nvinfer1::DataType type) noexcept override;
  nvinfer1::ISqueezeLayer* addSqueeze(nvinfer1::ITensor& x, nvinfer1::ITensor& axes) noexcept override;
  nvinfer1::IUnsqueezeLayer* addUnsqueeze(nvinfer1::ITensor& x, nvinfer1::ITensor& axes) noexcept override;
  nvinfer1::ICumulativeLayer* addCumulative(nvinfer1::ITensor& x, nvinfer1::ITensor& axis,
                                            nvinfer1::CumulativeOperation operation, bool exclusive,
                                            bool reverse) noexcept override;
  nvinfer1::INormalizationLayer* addNormalizationV2(nvinfer1::ITensor& x, nvinfer1::ITensor& scale,
                                                    nvinfer1::ITensor& bias, uint32_t axes) noexcept override;
  nvinfer1::IAttention* addAttention(nvinfer1::ITensor& query, nvinfer1::ITensor& key,
                                     nvinfer1::ITensor& value, nvinfer1::AttentionNormalizationOp operation,
                                     bool causal) noexcept override;
  nvinfer1::IMoELayer* addMoE(nvinfer1::ITensor& states, nvinfer1::ITensor& experts,
                              nvinfer1::ITensor& scores) noexcept override;
  nvinfer1::IRotaryEmbeddingLayer* addRotaryEmbedding(nvinfer1::ITensor& x, nvinfer1::ITensor& cosines,
                                                      nvinfer1::ITensor& sines, bool interleaved,
                                                      int32_t dim) noexcept override;
  nvinfer1::IKVCacheUpdateLayer* addKVCacheUpdate(nvinfer1::ITensor& cache, nvinfer1::ITensor& update,
                                                  nvinfer1::ITensor& at,
                                                  nvinfer1::KVCacheMode mode) noexcept override;
#endif
#if NV_TENSORRT_MAJOR >= 11
  nvinfer1::IAttention* addAttentionV2(nvinfer1::ITensor& query, nvinfer1::ITensor& key,
                                       nvinfer1::ITensor& value, nvinfer1::AttentionNormalizationOp operation,
                                       nvinfer1::CausalMaskKind causal) noexcept override;
#endif

  nvinfer1::ILoop* addLoop() noexcept override;
  nvinfer1::IIfConditional* addIfConditional() noexcept override;

  ingot::Network& graph() { return graph_; }
  Scope& scope() { return scope_; }
  /// A layer of a loop or conditional, which lists its own ones by kind.
  template <class L, class... Arguments>
  L* add_to(std::vector<L*>& list, Arguments&&... arguments) {
    list.push_back(add<L>(std::forward<Arguments>(arguments)...));
    return list.back();
  }
  template <class L, class... Arguments>
  L* add_to_without_output(std::vector<L*>& list, Arguments&&... arguments) {
    list.push_back(add_with_outputs<L>(0, std::forward<Arguments>(arguments)...));
    return list.back();
  }
  const Log& log() const { return log_; }
  bool is_output(const Tensor& tensor) const;
  /// `constant` of `graph` holds the layer's weights, which the client gave at `values`.
  void note_weights(const ingot::Network& graph, const Layer& layer, nvinfer1::WeightsRole role,
                    const void* values, NetworkTensor constant);
  /// Each run is to check that all elements of `condition`, a value of `graph`, are true.
  void check_in_runs(const ingot::Network& graph, const nvinfer1::IAssertionLayer& layer,
                     NetworkTensor condition);
  /// What an engine keeps of the network, once that is finished; `individually`: only weights that were
  /// marked can be refitted.
  EngineNotes notes(bool individually) const;
#if NV_TENSORRT_MAJOR < 11
  /// How many layers are to be computed in FLOAT.
  int64_t layers_in_float() const;
#endif
  /// The clients' names of the values that have one, by id.
  std::map<int32_t, std::string> tensor_names() const;
  /// Ids of the values that hold sizes: integers that shapes of others depend on.
  std::set<int32_t> shape_values() const;
  void set_input_dims(Tensor& input, const nvinfer1::Dims& dims);
  Tensor* add_tensor(Layer* producer, std::string name);
  std::string unique_layer_name() const;
  /// Takes over an imported model: its nodes become layers. The network must be empty.
  void adopt(ingot::Network graph);

  /// Lowers the layers up to this one; those after it wait until they are needed.
  void lower(Layer* last);
  /// Lowers `first` and the lowered layers after it again.
  void lower_again(Layer* first);
  /// Logs the first error of the graph, once.
  void report(const std::string& context);
  /// A layer cannot be made into nodes: logged, and the network is not built until a parameter changes.
  void fail(const std::string& layer, const std::string& why);
  /// Lowers everything and marks the outputs: the graph is ready to be built.
  Status finish();

 private:
  /// A layer of the kind of an imported node; its tensors are not set. False: there is no such kind.
  bool add_like(const NetworkNode& node, const std::vector<Tensor*>& inputs);
  /// The tensor of an imported value; of a constant, that of a layer which is added for it.
  Tensor* imported(std::map<int32_t, Tensor*>& tensors, NetworkTensor value);
  template <class L, class... Arguments>
  L* add_with_outputs(int outputs, Arguments&&... arguments);
  template <class L, class... Arguments>
  L* add(Arguments&&... arguments) {
    return add_with_outputs<L>(1, std::forward<Arguments>(arguments)...);
  }

  nvinfer1::IBuilder& builder_;
  Log log_;
  uint32_t flags_;
  std::string name_;
  ingot::Network graph_;
  Scope scope_{graph_};
  bool reported_ = false;
  Status problem_;  // of a layer that could not be lowered
  std::deque<std::unique_ptr<Tensor>> tensors_;
  std::vector<std::unique_ptr<Construct>> constructs_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Tensor*> inputs_, outputs_;
  std::set<const nvinfer1::ITensor*> debug_;
  struct NotedWeights {
    const void* values;
    NetworkTensor constant;
  };
  std::map<const Layer*, std::map<nvinfer1::WeightsRole, NotedWeights>> weights_;
  std::map<const void*, std::string> weights_names_;
  std::map<const nvinfer1::IAssertionLayer*, NetworkTensor> assertions_;
  std::set<std::string, std::less<>> refittable_;
};

template <class L, class... Arguments>
L* NetworkDefinition::add_with_outputs(int outputs, Arguments&&... arguments) {
  auto layer = std::make_unique<L>(*this, std::forward<Arguments>(arguments)...);
  layer->add_outputs(outputs);
  L* out = layer.get();
  layers_.push_back(std::move(layer));
  return out;
}

}  // namespace ingot::tensorrt
