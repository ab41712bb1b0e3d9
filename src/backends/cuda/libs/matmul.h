// Matrix products by cuBLASLt: row-major operands, an epilogue, and the algorithms that can run them.
#pragma once

#include <memory>
#include <vector>

#include "backends/cuda/driver/cublaslt.h"
#include "base/tensor.h"

namespace ingot::cuda {

/// y[b] = act(alpha * op(a[b]) * op(b[b]) + bias + residual[b]), y [m, n] for each of `batch`.
struct MatMulProblem {
  DataType type = DataType::kF32;
  int64_t m = 0, n = 0, k = 0, batch = 1;
  bool trans_a = false, trans_b = false;
  int64_t a_step = 0, b_step = 0;  // elements from one matrix of the batch to the next; 0: the same one
  float alpha = 1;
  bool bias = false, residual = false;  // bias: n values
  blas::Epilogue activation = blas::kDefault;
  bool tf32 = true;
};

class MatMulPlan {
 public:
  /// The plan's algorithm is the library's first choice until `use` sets another.
  static Result<std::unique_ptr<MatMulPlan>> create(const CublasLtFunctions& f, CublasLtHandle handle,
                                                    const MatMulProblem& problem);
  /// The library's choices, best first by its own estimate.
  Result<std::vector<CublasLtAlgo>> algorithms(size_t limit) const;
  /// False where this library or problem cannot have the algorithm, which then stays as it was.
  bool use(const CublasLtAlgo& algorithm);
  size_t workspace_bytes() const { return workspace_bytes_; }

  struct Pointers {
    const void *a, *b, *bias, *residual;
    void *y, *workspace;
  };
  Status run(CUstream stream, const Pointers& pointers);

  static constexpr size_t kMaxWorkspace = size_t{32} << 20;

 private:
  struct Destroy {
    int (*function)(void*);
    void operator()(void* p) const { function(p); }
  };
  using Owner = std::unique_ptr<void, Destroy>;

  MatMulPlan(const CublasLtFunctions& f, CublasLtHandle handle, const MatMulProblem& problem)
      : f_(f), handle_(handle), problem_(problem) {}
  Status init();
  Result<Owner> layout(int64_t rows, int64_t columns, int64_t step) const;
  Result<std::vector<CublasLtHeuristic>> ask(size_t limit) const;

  const CublasLtFunctions& f_;
  CublasLtHandle handle_;
  MatMulProblem problem_;
  Owner desc_{nullptr, {}}, a_{nullptr, {}}, b_{nullptr, {}}, y_{nullptr, {}};
  CublasLtAlgo algorithm_{};
  size_t workspace_bytes_ = 0;
};

}  // namespace ingot::cuda
