// cuDNN 9: its graph interface, which describes everything by descriptors with numbered attributes. Declared
// here are the functions and the numbers that the backend uses; names are those of cudnn_graph.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "backends/cuda/driver/driver.h"

namespace ingot::cuda {

using CudnnHandle = struct cudnnContext*;

#define INGOT_CUDNN_FUNCTIONS(F)                                              \
  F(cudnnGetVersion, size_t())                                                \
  F(cudnnGetErrorString, const char*(int))                                    \
  F(cudnnGetLastErrorString, void(char*, size_t))                             \
  F(cudnnCreate, int(CudnnHandle*))                                           \
  F(cudnnDestroy, int(CudnnHandle))                                           \
  F(cudnnSetStream, int(CudnnHandle, CUstream))                               \
  F(cudnnBackendCreateDescriptor, int(int, void**))                           \
  F(cudnnBackendDestroyDescriptor, int(void*))                                \
  F(cudnnBackendSetAttribute, int(void*, int, int, int64_t, const void*))     \
  F(cudnnBackendGetAttribute, int(void*, int, int, int64_t, int64_t*, void*)) \
  F(cudnnBackendFinalize, int(void*))                                         \
  F(cudnnBackendExecute, int(CudnnHandle, void*, void*))

struct CudnnFunctions {
  INGOT_CUDNN_FUNCTIONS(INGOT_CUDA_MEMBER)
  std::string path;  // of the library

  Status check(int status, const char* what) const;
};

/// Loaded once per process. Errors: kNotFound says where it was looked for.
Result<const CudnnFunctions*> cudnn();

namespace dnn {

enum Kind : int {
  kPointwise = 0,
  kConvolution = 1,
  kEngine = 2,
  kEngineConfig = 3,
  kEngineHeuristic = 4,
  kExecutionPlan = 5,
  kKnobChoice = 7,
  kConvolutionForward = 10,
  kConvolutionBackwardData = 12,
  kPointwiseOperation = 13,
  kOperationGraph = 15,
  kVariantPack = 16,
  kTensor = 17,
};

enum Type : int {
  kHandleType = 0,
  kDataTypeType = 1,
  kBoolType = 2,
  kInt64Type = 3,
  kFloatType = 4,
  kDoubleType = 5,
  kPointerType = 6,
  kConvolutionModeType = 7,
  kHeuristicModeType = 8,
  kKnobType = 9,
  kNumericalNoteType = 11,
  kPointwiseModeType = 14,
  kDescriptorType = 15,
};

enum Data : int { kFloat = 0, kHalf = 2, kBFloat16 = 9 };
enum HeuristicMode : int { kHeuristicFallback = 2, kHeuristicA = 3 };
enum NumericalNote : int {
  kTensorCore = 0,
  kDownConvertInputs = 1,
  kReducedPrecisionReduction = 2,
  kNondeterministic = 4
};
enum PointwiseMode : int {
  kAdd = 0,
  kRelu = 100,
  kTanh = 101,
  kSigmoid = 102,
  kGelu = 104,
  kSwish = 106,
  kGeluTanh = 107,
};

enum Attribute : int {
  kPointwiseMode = 0,
  kPointwisePrecision = 1,
  kPointwiseReluUpper = 4,
  kConvolutionPrecision = 100,
  kConvolutionMode = 101,
  kConvolutionDilations = 102,
  kConvolutionStrides = 103,
  kConvolutionPadsEnd = 104,
  kConvolutionPadsBegin = 105,
  kConvolutionSpatialDims = 106,
  kHeuristicMode = 200,
  kHeuristicGraph = 201,
  kHeuristicResults = 202,
  kConfigEngine = 300,
  kConfigKnobs = 302,
  kPlanHandle = 400,
  kPlanConfig = 401,
  kPlanWorkspace = 402,
  kKnobChoiceType = 600,
  kKnobChoiceValue = 601,
  kForwardAlpha = 700,
  kForwardBeta = 701,
  kForwardConvolution = 702,
  kForwardW = 703,
  kForwardX = 704,
  kForwardY = 705,
  kBackwardAlpha = 706,
  kBackwardBeta = 707,
  kBackwardConvolution = 708,
  kBackwardW = 709,
  kBackwardDx = 710,
  kBackwardDy = 711,
  kOperationPointwise = 750,
  kOperationX = 751,
  kOperationB = 752,
  kOperationY = 753,
  kGraphHandle = 800,
  kGraphOperations = 801,
  kTensorAlignment = 900,
  kTensorDataType = 901,
  kTensorDims = 902,
  kTensorStrides = 903,
  kTensorId = 906,
  kTensorVirtual = 907,
  kPackIds = 1000,
  kPackPointers = 1001,
  kPackWorkspace = 1003,
  kEngineGraph = 1300,
  kEngineIndex = 1301,
  kEngineNumericalNotes = 1303,
};

/// One descriptor. The first error that setting an attribute gives is kept and told by `finalize`, so that
/// building one reads as a list.
class Descriptor {
 public:
  Descriptor(const CudnnFunctions& f, Kind kind);

  Descriptor& set(Attribute attribute, Type type, int64_t count, const void* values);
  Descriptor& set(Attribute attribute, Type type, int value) { return set(attribute, type, 1, &value); }
  Descriptor& set(Attribute attribute, int64_t value) { return set(attribute, kInt64Type, 1, &value); }
  Descriptor& set(Attribute attribute, std::span<const int64_t> values) {
    return set(attribute, kInt64Type, static_cast<int64_t>(values.size()), values.data());
  }
  Descriptor& set(Attribute attribute, float value) { return set(attribute, kFloatType, 1, &value); }
  Descriptor& set(Attribute attribute, bool value) { return set(attribute, kBoolType, 1, &value); }
  Descriptor& set(Attribute attribute, const Descriptor& value) {
    return set(attribute, std::span<const Descriptor>(&value, 1));
  }
  Descriptor& set(Attribute attribute, std::span<const Descriptor> values);
  Status finalize();

  /// How many values an attribute has.
  int64_t count(Attribute attribute, Type type) const;
  Result<int64_t> get_int(Attribute attribute) const;
  std::vector<int> get_numbers(Attribute attribute, Type type) const;
  /// The descriptors of an attribute; `kind` is what they are.
  Result<std::vector<Descriptor>> get(Attribute attribute, Kind kind) const;
  void* raw() const { return raw_.get(); }

 private:
  const CudnnFunctions* f_;
  std::shared_ptr<void> raw_;
  Status problem_;
};

}  // namespace dnn
}  // namespace ingot::cuda
