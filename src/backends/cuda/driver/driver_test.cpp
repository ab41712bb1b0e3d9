// Loading of CUDA's libraries. Each test skips where its library is not found.
#include "backends/cuda/driver/driver.h"

#include <gtest/gtest.h>

#include "backends/cuda/driver/nvrtc.h"

namespace ingot::cuda {
namespace {

constexpr const char* kSource = "extern \"C\" __global__ void fill(float* y) { y[threadIdx.x] = VALUE; }";

TEST(Library, SaysWhereItLooked) {
  const auto library = Library::open({"libingot_no_such_library.so.1"});
  ASSERT_FALSE(library.ok());
  EXPECT_EQ(library.status().code(), StatusCode::kNotFound);
  EXPECT_NE(library.status().message().find("INGOT_CUDA_PATH"), std::string_view::npos);
}

TEST(Library, IsFoundByName) {
  const auto library = Library::open({"libingot_no_such_library.so.1", "libm.so.6"});
  ASSERT_TRUE(library.ok()) << library.status().to_string();
  EXPECT_NE(library->find("cos"), nullptr);
  EXPECT_EQ(library->find("no_such_function"), nullptr);
}

TEST(Nvrtc, CompilesForBothArchitectures) {
  if (auto found = nvrtc(); !found.ok()) GTEST_SKIP() << found.status().to_string();
  for (const char* arch : {"sm_80", "sm_90a"}) {
    const auto cubin = compile_cubin(kSource, "fill", {"-DVALUE=2.0f"}, arch);
    ASSERT_TRUE(cubin.ok()) << cubin.status().to_string();
    EXPECT_GT(cubin->size(), 500u);
  }
}

TEST(Nvrtc, ReportsTheCompilersLog) {
  if (auto found = nvrtc(); !found.ok()) GTEST_SKIP() << found.status().to_string();
  const auto cubin = compile_cubin(kSource, "fill", {}, "sm_80");
  ASSERT_FALSE(cubin.ok());
  EXPECT_NE(cubin.status().message().find("VALUE"), std::string_view::npos);
}

TEST(Driver, CountsDevices) {
  const auto found = driver();
  if (!found.ok()) GTEST_SKIP() << found.status().to_string();
  CUdevice device = -1;
  EXPECT_TRUE((*found)->check((*found)->cuDeviceGet(&device, 0), "the first GPU").ok());
}

}  // namespace
}  // namespace ingot::cuda
