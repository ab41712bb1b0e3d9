// Fill and Assertion.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::FillOperation;
using nvinfer1::LayerType;

// Inputs, where given, stand for the dims, alpha and beta.
class FillLayer final : public LayerOf<nvinfer1::IFillLayer, nvinfer1::apiv::VFillLayer> {
 public:
  FillLayer(NetworkDefinition& network, const Dims& dims, FillOperation operation, nvinfer1::DataType type)
      : LayerOf(network, LayerType::kFILL, {}),
        dims_(dims),
        operation_(operation),
        type_(type),
        alpha_(operation == FillOperation::kRANDOM_NORMAL ? 0 : 0),
        beta_(1) {}
  INGOT_DIMS_PARAMETER(Dimensions, dims_)
  INGOT_PARAMETER(FillOperation, Operation, operation_)
  INGOT_PARAMETER(double, Alpha, alpha_)
  INGOT_PARAMETER(double, Beta, beta_)
#if NV_TENSORRT_MAJOR >= 10
  INGOT_PARAMETER(nvinfer1::DataType, ToType, type_)
  void setAlphaInt64(int64_t v) noexcept override { setAlpha(static_cast<double>(v)), in_ints_ = true; }
  int64_t getAlphaInt64() const noexcept override { return static_cast<int64_t>(alpha_); }
  void setBetaInt64(int64_t v) noexcept override { setBeta(static_cast<double>(v)), in_ints_ = true; }
  int64_t getBetaInt64() const noexcept override { return static_cast<int64_t>(beta_); }
  bool isAlphaBetaInt64() const noexcept override { return in_ints_; }
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const NetworkTensor given = input_at(in, 0), alpha = input_at(in, 1), beta = input_at(in, 2);
    const NetworkTensor dims = given.valid() ? e.shape_tensor(given) : e.ints(to_vector(dims_));
    const DataType type = alpha.valid() ? e.type(alpha) : to_ingot(type_);
    const auto parameter = [&](NetworkTensor t, double value) {
      return t.valid() ? t : e.scalar(value, type);
    };
    if (operation_ == FillOperation::kLINSPACE)
      return {linspace(e, dims, type, parameter(alpha, alpha_), parameter(beta, beta_))};

    const NetworkTensor like = e("ConstantOfShape", {dims});
    const bool uniform = operation_ == FillOperation::kRANDOM_UNIFORM;
    const NetworkTensor noise = e.cast(e(uniform ? "RandomUniformLike" : "RandomNormalLike", {like},
                                         {{"dtype", onnx_number(DataType::kF32)}}),
                                       type);
    const NetworkTensor low = parameter(alpha, alpha_), high = parameter(beta, beta_);
    const NetworkTensor spread = uniform ? e("Sub", {high, low}) : high;  // or the standard deviation
    return {e("Add", {e("Mul", {noise, spread}), low})};
  }

 private:
  // alpha, plus along each axis the position times that axis's beta (one for all where there is only one).
  NetworkTensor linspace(Emit& e, NetworkTensor dims, DataType type, NetworkTensor alpha,
                         NetworkTensor beta) const {
    const ShapeDims known = e.dims(dims);
    const int64_t rank = known.empty() || known[0] < 0 ? 1 : known[0];
    NetworkTensor y = e("Expand", {alpha, dims});
    for (int64_t d = 0; d < rank; ++d) {
      const NetworkTensor at = e.cast(e.range(e.element(dims, d)), type);
      const NetworkTensor step = e.rank(beta) == 0 ? beta : e.element(beta, d);
      std::vector<int64_t> column(static_cast<size_t>(rank - d), 1);
      column[0] = -1;
      y = e("Add", {y, e.reshape(e("Mul", {at, step}), column)});
    }
    return y;
  }

  Dims dims_;
  FillOperation operation_;
  nvinfer1::DataType type_;
  double alpha_, beta_;
  bool in_ints_ = false;
};

// Conditions that are known when the network is built are checked then; those that only a run can tell are
// taken for true.
class AssertionLayer final : public LayerOf<nvinfer1::IAssertionLayer, nvinfer1::apiv::VAssertionLayer> {
 public:
  AssertionLayer(NetworkDefinition& network, Tensor* condition, const char* message)
      : LayerOf(network, LayerType::kASSERTION, {condition}), message_(message ? message : "") {}
  void setMessage(const char* message) noexcept override { message_ = message ? message : ""; }
  const char* getMessage() const noexcept override { return message_.c_str(); }
  Values emit(ingot::Network& g, const Values& in) override {
    const TensorRef value = g.constant_value(in[0]);
    for (int64_t i = 0; value.dtype == DataType::kBool && i < value.size(); ++i)
      if (!static_cast<const bool*>(value.data)[i])
        network_.fail(name(), "the assertion does not hold: " + message_);
    if (value.dtype == DataType::kInvalid) network_.check_in_runs(g, *this, in[0]);
    return {};
  }

 private:
  std::string message_;
};

}  // namespace

#if NV_TENSORRT_MAJOR < 11
nvinfer1::IFillLayer* NetworkDefinition::addFill(DimsArgument dims, FillOperation operation) noexcept {
  return add<FillLayer>(dims, operation, nvinfer1::DataType::kFLOAT);
}
#endif
#if NV_TENSORRT_MAJOR >= 10
nvinfer1::IFillLayer* NetworkDefinition::addFillV2(DimsArgument dims, FillOperation operation,
                                                   nvinfer1::DataType type) noexcept {
  return add<FillLayer>(dims, operation, type);
}
#endif
nvinfer1::IAssertionLayer* NetworkDefinition::addAssertion(nvinfer1::ITensor& condition,
                                                           const char* message) noexcept {
  return add_with_outputs<AssertionLayer>(0, tensor(condition), message);
}

}  // namespace ingot::tensorrt
