// Every step of an engine is a range on the timeline of a profiler that is attached by NVTX's protocol.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "networks.h"

namespace ingot {
namespace {

TEST(Ranges, EveryStepIsOne) {
  ::setenv("NVTX_INJECTION64_PATH", RANGES_TOOL, 1);
  const auto engine = build(testing::linear(), testing::quick());
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  auto context = engine->context();
  std::vector<float> x = {1, 2};
  ASSERT_TRUE(context->set_input("x", testing::rows(x)).ok());
  context->set_profiling(true);  // for the names of the steps
  ASSERT_TRUE(context->run().ok());

  void* tool = ::dlopen(RANGES_TOOL, RTLD_LAZY);
  ASSERT_NE(tool, nullptr);
  const auto seen = reinterpret_cast<const char* (*)()>(::dlsym(tool, "ranges_seen"));
  ASSERT_NE(seen, nullptr);
  std::string expected;
  for (const LayerTime& t : context->layer_times()) expected += t.name + "()";
  EXPECT_FALSE(expected.empty());
  EXPECT_EQ(std::string(seen()), expected);
}

}  // namespace
}  // namespace ingot
