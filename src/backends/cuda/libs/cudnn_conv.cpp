#include "backends/cuda/libs/cudnn_conv.h"

#include <algorithm>

namespace ingot::cuda {
namespace {

using dnn::Descriptor;

// Numbers of the tensors within a graph.
enum Id : int64_t { kX = 1, kW, kBias, kResidual, kY, kFirstVirtual };

Result<int> data_type(DataType type) {
  switch (type) {
    case DataType::kF32:
      return int{dnn::kFloat};
    case DataType::kF16:
      return int{dnn::kHalf};
    case DataType::kBF16:
      return int{dnn::kBFloat16};
    default:
      return unsupported("cuDNN convolutions of ", data_type_name(type));
  }
}

// Channels innermost; one spatial axis counts as a row of two.
Dims two_spatial(const Dims& dims) { return dims.size() == 3 ? Dims{dims[0], dims[1], 1, dims[2]} : dims; }
Dims two_axes(const Dims& values, int64_t fill) {
  return values.size() == 1 ? Dims{fill, values[0]} : values;
}

Dims channels_last_strides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  int64_t step = dims[1];
  for (size_t i = dims.size(); i-- > 2;) {
    strides[i] = step;
    step *= dims[i];
  }
  strides[0] = step;
  return strides;
}

class GraphBuilder {
 public:
  GraphBuilder(const CudnnFunctions& f, CudnnHandle handle, const CudnnProblem& p)
      : f_(f), handle_(handle), p_(p) {}

  Result<Descriptor> build() {
    INGOT_ASSIGN_OR_RETURN(io_type_, data_type(p_.type));
    const Dims y = two_spatial(p_.y);
    const int stages = 1 + (p_.bias ? 1 : 0) + (p_.residual ? 1 : 0) + (p_.activation ? 1 : 0);
    int done = 0;
    const auto result = [&] {
      return ++done == stages ? tensor(kY, y, io_type_, false) : tensor(next_++, y, dnn::kFloat, true);
    };
    INGOT_ASSIGN_OR_RETURN(Descriptor value, result());
    INGOT_RETURN_IF_ERROR(convolution(value));
    const auto combine = [&](dnn::PointwiseMode mode, const Descriptor* other) -> Status {
      INGOT_ASSIGN_OR_RETURN(Descriptor to, result());
      INGOT_RETURN_IF_ERROR(pointwise(mode, value, other, to));
      value = to;
      return {};
    };
    if (p_.residual) {
      INGOT_ASSIGN_OR_RETURN(const Descriptor residual, tensor(kResidual, y, io_type_, false));
      INGOT_RETURN_IF_ERROR(combine(dnn::kAdd, &residual));
    }
    if (p_.bias) {
      Dims dims(y.size(), 1);
      dims[1] = y[1];
      INGOT_ASSIGN_OR_RETURN(const Descriptor bias, tensor(kBias, dims, io_type_, false));
      INGOT_RETURN_IF_ERROR(combine(dnn::kAdd, &bias));
    }
    if (p_.activation) INGOT_RETURN_IF_ERROR(combine(*p_.activation, nullptr));
    Descriptor graph(f_, dnn::kOperationGraph);
    graph.set(dnn::kGraphOperations, operations_).set(dnn::kGraphHandle, dnn::kHandleType, 1, &handle_);
    INGOT_RETURN_IF_ERROR(graph.finalize());
    return graph;
  }

 private:
  Result<Descriptor> tensor(int64_t id, const Dims& dims, int type, bool is_virtual) {
    Descriptor d(f_, dnn::kTensor);
    d.set(dnn::kTensorDataType, dnn::kDataTypeType, type)
        .set(dnn::kTensorDims, dims)
        .set(dnn::kTensorStrides, channels_last_strides(dims))
        .set(dnn::kTensorId, id)
        .set(dnn::kTensorAlignment, int64_t{16});
    if (is_virtual) d.set(dnn::kTensorVirtual, true);
    INGOT_RETURN_IF_ERROR(d.finalize());
    return d;
  }

  Status convolution(const Descriptor& y) {
    const Dims dilations = two_axes(p_.dilations, 1);
    Descriptor conv(f_, dnn::kConvolution);
    conv.set(dnn::kConvolutionPrecision, dnn::kDataTypeType, dnn::kFloat)
        .set(dnn::kConvolutionMode, dnn::kConvolutionModeType, 1)  // a cross-correlation, as ONNX has it
        .set(dnn::kConvolutionSpatialDims, static_cast<int64_t>(dilations.size()))
        .set(dnn::kConvolutionDilations, dilations)
        .set(dnn::kConvolutionStrides, two_axes(p_.strides, 1))
        .set(dnn::kConvolutionPadsBegin, two_axes(p_.pads_begin, 0))
        .set(dnn::kConvolutionPadsEnd, two_axes(p_.pads_end, 0));
    INGOT_RETURN_IF_ERROR(conv.finalize());
    INGOT_ASSIGN_OR_RETURN(const Descriptor x, tensor(kX, two_spatial(p_.x), io_type_, false));
    INGOT_ASSIGN_OR_RETURN(const Descriptor w, tensor(kW, two_spatial(p_.w), io_type_, false));
    Descriptor op(f_, p_.transposed ? dnn::kConvolutionBackwardData : dnn::kConvolutionForward);
    if (p_.transposed)
      op.set(dnn::kBackwardConvolution, conv)
          .set(dnn::kBackwardDy, x)
          .set(dnn::kBackwardW, w)
          .set(dnn::kBackwardDx, y)
          .set(dnn::kBackwardAlpha, 1.0f)
          .set(dnn::kBackwardBeta, 0.0f);
    else
      op.set(dnn::kForwardConvolution, conv)
          .set(dnn::kForwardX, x)
          .set(dnn::kForwardW, w)
          .set(dnn::kForwardY, y)
          .set(dnn::kForwardAlpha, 1.0f)
          .set(dnn::kForwardBeta, 0.0f);
    INGOT_RETURN_IF_ERROR(op.finalize());
    operations_.push_back(op);
    return {};
  }

  Status pointwise(dnn::PointwiseMode mode, const Descriptor& from, const Descriptor* other,
                   const Descriptor& to) {
    Descriptor function(f_, dnn::kPointwise);
    function.set(dnn::kPointwiseMode, dnn::kPointwiseModeType, mode)
        .set(dnn::kPointwisePrecision, dnn::kDataTypeType, dnn::kFloat);
    if (mode == dnn::kRelu && p_.upper)
      function.set(dnn::kPointwiseReluUpper, dnn::kDoubleType, 1, &*p_.upper);
    INGOT_RETURN_IF_ERROR(function.finalize());
    Descriptor op(f_, dnn::kPointwiseOperation);
    op.set(dnn::kOperationPointwise, function).set(dnn::kOperationX, from).set(dnn::kOperationY, to);
    if (other != nullptr) op.set(dnn::kOperationB, *other);
    INGOT_RETURN_IF_ERROR(op.finalize());
    operations_.push_back(op);
    return {};
  }

  const CudnnFunctions& f_;
  CudnnHandle handle_;
  const CudnnProblem& p_;
  int io_type_ = 0;
  int64_t next_ = kFirstVirtual;
  std::vector<Descriptor> operations_;
};

bool allowed(const Descriptor& engine, const CudnnProblem& p) {
  const std::vector<int> notes = engine.get_numbers(dnn::kEngineNumericalNotes, dnn::kNumericalNoteType);
  const auto has = [&](int note) { return std::find(notes.begin(), notes.end(), note) != notes.end(); };
  if (has(dnn::kReducedPrecisionReduction) || has(dnn::kNondeterministic)) return false;
  const bool rounds = has(dnn::kTensorCore) || has(dnn::kDownConvertInputs);
  return p.type != DataType::kF32 || p.tf32 || !rounds;
}

Result<CudnnEngine> describe(const Descriptor& config, const Descriptor& engine) {
  CudnnEngine out;
  INGOT_ASSIGN_OR_RETURN(out.index, engine.get_int(dnn::kEngineIndex));
  INGOT_ASSIGN_OR_RETURN(const std::vector<Descriptor> knobs,
                         config.get(dnn::kConfigKnobs, dnn::kKnobChoice));
  for (const Descriptor& knob : knobs) {
    const std::vector<int> type = knob.get_numbers(dnn::kKnobChoiceType, dnn::kKnobType);
    INGOT_ASSIGN_OR_RETURN(const int64_t value, knob.get_int(dnn::kKnobChoiceValue));
    if (type.empty()) continue;
    out.knobs.push_back(type[0]);
    out.values.push_back(value);
  }
  return out;
}

}  // namespace

std::string CudnnProblem::key() const {
  std::string out = str(data_type_name(type), transposed, bias, residual, tf32,
                        activation ? int{*activation} : -1, '/', upper.value_or(-1));
  for (const Dims* d : {&x, &w, &y, &strides, &dilations, &pads_begin, &pads_end}) out += dims_to_string(*d);
  return out;
}

Result<std::vector<CudnnEngine>> cudnn_engines(const CudnnFunctions& f, CudnnHandle handle,
                                               const CudnnProblem& problem, size_t limit) {
  INGOT_ASSIGN_OR_RETURN(const Descriptor graph, GraphBuilder(f, handle, problem).build());
  std::vector<CudnnEngine> out;
  for (const auto mode : {dnn::kHeuristicA, dnn::kHeuristicFallback}) {
    Descriptor heuristic(f, dnn::kEngineHeuristic);
    heuristic.set(dnn::kHeuristicGraph, graph).set(dnn::kHeuristicMode, dnn::kHeuristicModeType, mode);
    if (!heuristic.finalize().ok()) continue;
    INGOT_ASSIGN_OR_RETURN(const std::vector<Descriptor> configs,
                           heuristic.get(dnn::kHeuristicResults, dnn::kEngineConfig));
    for (const Descriptor& config : configs) {
      if (out.size() >= limit) return out;
      auto engine = config.get(dnn::kConfigEngine, dnn::kEngine);
      if (!engine.ok() || engine->empty() || !allowed(engine->front(), problem)) continue;
      INGOT_ASSIGN_OR_RETURN(CudnnEngine described, describe(config, engine->front()));
      out.push_back(std::move(described));
    }
    if (!out.empty()) return out;  // the fallback's engines are slow ones
  }
  return unsupported("cuDNN has no engine for this convolution");
}

Result<std::unique_ptr<CudnnPlan>> CudnnPlan::create(const CudnnFunctions& f, CudnnHandle handle,
                                                     const CudnnProblem& problem, const CudnnEngine& choice) {
  INGOT_ASSIGN_OR_RETURN(const Descriptor graph, GraphBuilder(f, handle, problem).build());
  Descriptor engine(f, dnn::kEngine);
  engine.set(dnn::kEngineGraph, graph).set(dnn::kEngineIndex, choice.index);
  INGOT_RETURN_IF_ERROR(engine.finalize());
  std::vector<Descriptor> knobs;
  for (size_t i = 0; i < choice.knobs.size(); ++i) {
    Descriptor knob(f, dnn::kKnobChoice);
    knob.set(dnn::kKnobChoiceType, dnn::kKnobType, static_cast<int>(choice.knobs[i]))
        .set(dnn::kKnobChoiceValue, choice.values[i]);
    INGOT_RETURN_IF_ERROR(knob.finalize());
    knobs.push_back(std::move(knob));
  }
  Descriptor config(f, dnn::kEngineConfig);
  config.set(dnn::kConfigEngine, engine);
  if (!knobs.empty()) config.set(dnn::kConfigKnobs, knobs);
  INGOT_RETURN_IF_ERROR(config.finalize());
  Descriptor plan(f, dnn::kExecutionPlan);
  plan.set(dnn::kPlanHandle, dnn::kHandleType, 1, &handle).set(dnn::kPlanConfig, config);
  INGOT_RETURN_IF_ERROR(plan.finalize());
  INGOT_ASSIGN_OR_RETURN(const int64_t workspace, plan.get_int(dnn::kPlanWorkspace));
  std::unique_ptr<CudnnPlan> out(new CudnnPlan(f, std::move(plan)));
  out->workspace_bytes_ = static_cast<size_t>(workspace);
  return out;
}

Status CudnnPlan::run(CudnnHandle handle, const Pointers& p) {
  if (!pack_ || !(last_ == p)) {
    std::vector<int64_t> ids = {kX, kW, kY};
    std::vector<const void*> pointers = {p.x, p.w, p.y};
    const auto add = [&](int64_t id, const void* pointer) {
      if (pointer == nullptr) return;
      ids.push_back(id);
      pointers.push_back(pointer);
    };
    add(kBias, p.bias);
    add(kResidual, p.residual);
    Descriptor pack(f_, dnn::kVariantPack);
    pack.set(dnn::kPackIds, ids)
        .set(dnn::kPackPointers, dnn::kPointerType, static_cast<int64_t>(pointers.size()), pointers.data())
        .set(dnn::kPackWorkspace, dnn::kPointerType, 1, &p.workspace);
    INGOT_RETURN_IF_ERROR(pack.finalize());
    pack_ = std::move(pack);
    last_ = p;
  }
  return f_.check(f_.cudnnBackendExecute(handle, plan_.raw(), pack_->raw()), "running a convolution");
}

}  // namespace ingot::cuda
