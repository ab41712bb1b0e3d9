// ONNX bytes all the way: what a damaged model still says is built, planned and run like any other model, or
// refused with a message; optimized, and with all passes off.
#include "run_engine.h"

using namespace ingot;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  BuildOptions options;
  options.level = 0;
  options.threads = 1;
  for (const char* disabled : {"", "all"}) {
    if (*disabled) options.disable_passes = {disabled};
    const auto engine = build_bytes(data, size, "", options);
    if (engine.ok()) {
      fuzz::plan_and_run(*engine, true);
    } else {
      fuzz::require(!engine.status().message().empty());
      fuzz::require(engine.status().code() != StatusCode::kInternal);
    }
  }
  return 0;
}
