// ONNX bytes: a model is imported as a sound graph, or refused with a message that says why.
#include "frontend/onnx/onnx_import.h"
#include "ir/infer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ingot::ImportReport report;
  const auto graph = ingot::import_onnx_bytes(std::as_bytes(std::span(data, size)), nullptr, "", {}, &report);
  if (graph.ok())
    INGOT_CHECK(ingot::verify(**graph).ok());
  else
    INGOT_CHECK(!graph.status().message().empty());
  return 0;
}
