// ONNX bytes: whatever imports must be a valid graph.
#include "frontend/onnx/onnx_import.h"
#include "ir/infer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = ingot::import_onnx_bytes({reinterpret_cast<const std::byte*>(data), size});
  if (graph.ok()) INGOT_CHECK(ingot::verify(**graph).ok());
  return 0;
}
