#include "backends/cuda/driver/cublaslt.h"

namespace ingot::cuda {
namespace {

Result<CublasLtFunctions> load() {
  INGOT_ASSIGN_OR_RETURN(const Library library, Library::open({"libcublasLt.so.13", "libcublasLt.so.12"}));
  CublasLtFunctions table;
  INGOT_CUBLASLT_FUNCTIONS(INGOT_CUDA_LOAD)
  table.path = library.path();
  return table;
}

}  // namespace

Status CublasLtFunctions::check(int status, const char* what) const {
  if (status == 0) return {};
  const std::string message = str("cuBLASLt, ", what, ": ", cublasLtGetStatusString(status));
  return status == 15 || status == 7 ? unsupported(message) : device_error(message);
}

Result<const CublasLtFunctions*> cublaslt() {
  static const Result<CublasLtFunctions> table = load();
  if (!table.ok()) return table.status();
  return &*table;
}

}  // namespace ingot::cuda
