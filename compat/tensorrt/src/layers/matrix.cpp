// MatrixMultiply and Einsum.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::LayerType;
using nvinfer1::MatrixOperation;

class MatrixMultiplyLayer final
    : public LayerOf<nvinfer1::IMatrixMultiplyLayer, nvinfer1::apiv::VMatrixMultiplyLayer> {
 public:
  MatrixMultiplyLayer(NetworkDefinition& network, Tensor* a, MatrixOperation op_a, Tensor* b,
                      MatrixOperation op_b)
      : LayerOf(network, LayerType::kMATRIX_MULTIPLY, {a, b}), operations_{op_a, op_b} {}

  void setOperation(int32_t index, MatrixOperation operation) noexcept override {
    if (index == 0 || index == 1) operations_[index] = operation, changed();
  }
  MatrixOperation getOperation(int32_t index) const noexcept override { return operations_[index == 1]; }

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    NetworkTensor sides[2];
    std::vector<int64_t> added;  // the dims that make vectors into matrices
    for (size_t i : {0, 1}) {
      sides[i] = in[i];
      const int64_t rank = e.rank(in[i]);
      if (operations_[i] == MatrixOperation::kVECTOR) {
        sides[i] = e.unsqueeze(in[i], {i == 0 ? -2 : -1});
        added.push_back(i == 0 ? -2 : -1);
      } else if (operations_[i] == MatrixOperation::kTRANSPOSE && rank >= 2) {
        std::vector<int64_t> order(static_cast<size_t>(rank));
        for (size_t d = 0; d < order.size(); ++d) order[d] = static_cast<int64_t>(d);
        std::swap(order[order.size() - 1], order[order.size() - 2]);
        sides[i] = e.transpose(in[i], order);
      }
    }
    return {e.squeeze(e("MatMul", {sides[0], sides[1]}), added)};
  }

 private:
  MatrixOperation operations_[2];
};

class EinsumLayer final : public LayerOf<nvinfer1::IEinsumLayer, nvinfer1::apiv::VEinsumLayer> {
 public:
  EinsumLayer(NetworkDefinition& network, std::vector<Tensor*> inputs, const char* equation)
      : LayerOf(network, LayerType::kEINSUM, std::move(inputs)), equation_(equation ? equation : "") {}
  bool setEquation(const char* equation) noexcept override {
    if (equation == nullptr) return false;
    equation_ = equation;
    changed();
    return true;
  }
  const char* getEquation() const noexcept override { return equation_.c_str(); }
  Values emit(ingot::Network& g, const Values& in) override {
    return {g.op("Einsum", in, {{"equation", equation_}}, name())};
  }

 private:
  std::string equation_;
};

}  // namespace

nvinfer1::IMatrixMultiplyLayer* NetworkDefinition::addMatrixMultiply(nvinfer1::ITensor& a,
                                                                     MatrixOperation op_a,
                                                                     nvinfer1::ITensor& b,
                                                                     MatrixOperation op_b) noexcept {
  return add<MatrixMultiplyLayer>(tensor(a), op_a, tensor(b), op_b);
}
nvinfer1::IEinsumLayer* NetworkDefinition::addEinsum(nvinfer1::ITensor* const* inputs, int32_t count,
                                                     const char* equation) noexcept {
  auto given = tensors(log_, "addEinsum", inputs, count);
  if (!given) return nullptr;
  if (equation == nullptr) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "addEinsum: the equation is null");
    return nullptr;
  }
  return add<EinsumLayer>(std::move(*given), equation);
}

}  // namespace ingot::tensorrt
