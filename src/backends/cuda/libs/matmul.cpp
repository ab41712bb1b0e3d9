#include "backends/cuda/libs/matmul.h"

namespace ingot::cuda {
namespace {

Result<int> data_type(DataType type) {
  switch (type) {
    case DataType::kF32:
      return int{blas::kFloat};
    case DataType::kF16:
      return int{blas::kHalf};
    case DataType::kBF16:
      return int{blas::kBFloat16};
    default:
      return unsupported("cuBLASLt products of ", data_type_name(type));
  }
}

}  // namespace

// The library counts in columns. A row-major matrix is its transpose in columns, and y^T = op(b)^T op(a)^T:
// our b is the library's first operand, our a its second, and the bias along our rows lies along its columns,
// as its epilogue wants it.
Result<MatMulPlan::Owner> MatMulPlan::layout(int64_t rows, int64_t columns, int64_t step) const {
  INGOT_ASSIGN_OR_RETURN(const int type, data_type(problem_.type));
  void* raw = nullptr;
  INGOT_RETURN_IF_ERROR(f_.check(f_.cublasLtMatrixLayoutCreate(&raw, type, static_cast<uint64_t>(columns),
                                                               static_cast<uint64_t>(rows), columns),
                                 "describing a matrix"));
  Owner out(raw, {f_.cublasLtMatrixLayoutDestroy});
  const auto batch = static_cast<int32_t>(problem_.batch);
  f_.cublasLtMatrixLayoutSetAttribute(raw, blas::kBatchCount, &batch, sizeof batch);
  f_.cublasLtMatrixLayoutSetAttribute(raw, blas::kBatchStride, &step, sizeof step);
  return out;
}

Status MatMulPlan::init() {
  const MatMulProblem& p = problem_;
  const int compute = p.type == DataType::kF32 && p.tf32 ? blas::kCompute32FFastTf32 : blas::kCompute32F;
  void* desc = nullptr;
  INGOT_RETURN_IF_ERROR(
      f_.check(f_.cublasLtMatmulDescCreate(&desc, compute, blas::kFloat), "describing a product"));
  desc_ = Owner(desc, {f_.cublasLtMatmulDescDestroy});
  const int32_t first = p.trans_b ? 1 : 0, second = p.trans_a ? 1 : 0;
  f_.cublasLtMatmulDescSetAttribute(desc, blas::kTransA, &first, sizeof first);
  f_.cublasLtMatmulDescSetAttribute(desc, blas::kTransB, &second, sizeof second);
  const bool plain = p.activation == blas::kDefault;
  const auto epilogue =
      static_cast<uint32_t>(p.bias ? (plain ? 0 : p.activation) + blas::kBias : p.activation);
  INGOT_RETURN_IF_ERROR(
      f_.check(f_.cublasLtMatmulDescSetAttribute(desc, blas::kEpilogue, &epilogue, sizeof epilogue),
               "setting an epilogue"));
  INGOT_ASSIGN_OR_RETURN(a_, p.trans_a ? layout(p.k, p.m, p.a_step) : layout(p.m, p.k, p.a_step));
  INGOT_ASSIGN_OR_RETURN(b_, p.trans_b ? layout(p.n, p.k, p.b_step) : layout(p.k, p.n, p.b_step));
  INGOT_ASSIGN_OR_RETURN(y_, layout(p.m, p.n, p.m * p.n));
  INGOT_ASSIGN_OR_RETURN(const std::vector<CublasLtHeuristic> found, ask(1));
  algorithm_ = found.front().algo;
  workspace_bytes_ = found.front().workspace_bytes;
  return {};
}

Result<std::unique_ptr<MatMulPlan>> MatMulPlan::create(const CublasLtFunctions& f, CublasLtHandle handle,
                                                       const MatMulProblem& problem) {
  std::unique_ptr<MatMulPlan> out(new MatMulPlan(f, handle, problem));
  INGOT_RETURN_IF_ERROR(out->init());
  return out;
}

Result<std::vector<CublasLtHeuristic>> MatMulPlan::ask(size_t limit) const {
  void* raw = nullptr;
  INGOT_RETURN_IF_ERROR(f_.check(f_.cublasLtMatmulPreferenceCreate(&raw), "choosing an algorithm"));
  const Owner preference(raw, {f_.cublasLtMatmulPreferenceDestroy});
  f_.cublasLtMatmulPreferenceSetAttribute(raw, blas::kMaxWorkspace, &kMaxWorkspace, sizeof kMaxWorkspace);
  constexpr uint32_t kAlignment = 16;
  for (int attribute : {blas::kAlignmentA, blas::kAlignmentB, blas::kAlignmentC, blas::kAlignmentD})
    f_.cublasLtMatmulPreferenceSetAttribute(raw, attribute, &kAlignment, sizeof kAlignment);
  std::vector<CublasLtHeuristic> results(limit);
  int count = 0;
  INGOT_RETURN_IF_ERROR(
      f_.check(f_.cublasLtMatmulAlgoGetHeuristic(handle_, desc_.get(), b_.get(), a_.get(), y_.get(), y_.get(),
                                                 raw, static_cast<int>(limit), results.data(), &count),
               "choosing an algorithm"));
  results.resize(static_cast<size_t>(count));
  std::erase_if(results, [](const CublasLtHeuristic& r) { return r.state != 0; });
  if (results.empty()) return unsupported("cuBLASLt has no algorithm for this product");
  return results;
}

Result<std::vector<CublasLtAlgo>> MatMulPlan::algorithms(size_t limit) const {
  INGOT_ASSIGN_OR_RETURN(const std::vector<CublasLtHeuristic> found, ask(limit));
  std::vector<CublasLtAlgo> out;
  for (const CublasLtHeuristic& h : found) out.push_back(h.algo);
  return out;
}

bool MatMulPlan::use(const CublasLtAlgo& algorithm) {
  CublasLtHeuristic result{};
  if (f_.cublasLtMatmulAlgoCheck(handle_, desc_.get(), b_.get(), a_.get(), y_.get(), y_.get(), &algorithm,
                                 &result) != 0 ||
      result.workspace_bytes > kMaxWorkspace)
    return false;
  algorithm_ = algorithm;
  workspace_bytes_ = result.workspace_bytes;
  return true;
}

Status MatMulPlan::run(CUstream stream, const Pointers& p) {
  const float beta = problem_.residual ? 1.0f : 0.0f;
  if (problem_.bias)
    f_.cublasLtMatmulDescSetAttribute(desc_.get(), blas::kBiasPointer, &p.bias, sizeof p.bias);
  const void* c = problem_.residual ? p.residual : p.y;
  return f_.check(
      f_.cublasLtMatmul(handle_, desc_.get(), &problem_.alpha, p.b, b_.get(), p.a, a_.get(), &beta, c,
                        y_.get(), p.y, y_.get(), &algorithm_, p.workspace, workspace_bytes_, stream),
      "running a product");
}

}  // namespace ingot::cuda
