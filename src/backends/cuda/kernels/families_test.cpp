// What all families promise: the number of images or rows is not baked into the code, and what has no code is
// refused with kUnsupported. Results are tested on a GPU (tests/cuda).
#include <gtest/gtest.h>

#include "backends/cuda/kernels/attention/attention.h"
#include "backends/cuda/kernels/copy/copy.h"
#include "backends/cuda/kernels/depthwise/depthwise.h"
#include "backends/cuda/kernels/norm/norm.h"
#include "backends/cuda/kernels/pool/pool.h"
#include "backends/cuda/kernels/reduce/reduce.h"

namespace ingot::cuda {
namespace {

using enum DataType;

// Equal code for 4 and 9 of something; the launches differ.
template <class Make>
void expect_dynamic(Make make) {
  const Result<KernelSpec> few = make(4), many = make(9);
  ASSERT_TRUE(few.ok()) << few.status().to_string();
  ASSERT_TRUE(many.ok()) << many.status().to_string();
  EXPECT_EQ(few->key(), many->key());
  EXPECT_TRUE(few->grid != many->grid || few->params != many->params) << few->name;
  EXPECT_NE(few->text().find(few->entry), std::string::npos);
}

void expect_unsupported(const Result<KernelSpec>& spec) {
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.status().code(), StatusCode::kUnsupported);
}

TEST(Families, RowsAndImagesAreDynamic) {
  expect_dynamic([](int64_t n) { return softmax_kernel({kF16, n, 197}); });
  expect_dynamic([](int64_t n) { return softmax_kernel({kF32, n, 21, 49}); });
  expect_dynamic([](int64_t n) { return layer_norm_kernel({kF16, kF16, n, 768}); });
  expect_dynamic([](int64_t n) { return group_norm_kernel({kF16, kF16, n, 49, 64, 8}); });
  expect_dynamic([](int64_t n) {
    return reduce_kernel({Reduction::kMean, kF16, {n, 49, 64}, {false, true, false}});
  });
  expect_dynamic([](int64_t n) { return arg_extreme_kernel({kF32, n, 1000}); });
  expect_dynamic([](int64_t n) { return pool_kernel({kF16, false, false, n, 8, 8, 64, 4, 4, 2, 2, 2, 2}); });
  expect_dynamic([](int64_t n) { return global_pool_kernel({kF16, true, n, 49, 64}); });
  expect_dynamic([](int64_t n) { return squeeze_excitation_kernel({kF16, n, 49, 96, 4}); });
  expect_dynamic([](int64_t n) { return resize_kernel({kF16, n, 4, 4, 16, 8, 8, 2, 2}); });
  expect_dynamic([](int64_t n) { return depthwise_kernel({kF16, n, 8, 8, 32, 8, 8}); });
  expect_dynamic([](int64_t n) { return gather_kernel({kF16, kI64, 1, 30'000, 768, n}); });
  expect_dynamic([](int64_t n) { return pad_kernel({kF16, {n, 4, 4}, {0, 1, 1}, {0, 1, 1}}); });
  expect_dynamic([](int64_t n) {
    return copy_kernel({kF32, kF16, {n, 8, 8, 64}, {4096, 8, 1, 64}, {4096, 512, 64, 1}});
  });
  expect_dynamic([](int64_t n) {
    return attention_kernel({kF16, 16 * n, 12, 128, 128, 64, 64, 768, 768, 768, 98'304, 98'304, 98'304});
  });
}

TEST(Families, RefuseWhatTheyHaveNoCodeFor) {
  expect_unsupported(softmax_kernel({kI4, 4, 16}));
  expect_unsupported(layer_norm_kernel({kF16, kF16, 4, 1 << 20}));
  expect_unsupported(reduce_kernel({Reduction::kL2, kI32, {4, 4}, {true, false}}));
  expect_unsupported(gather_kernel({kF16, kF32, 1, 4, 4, 4}));
  expect_unsupported(attention_kernel({kF32, 1, 1, 8, 8, 64, 64, 64, 64, 64, 512, 512, 512}));
  expect_unsupported(attention_kernel({kF16, 1, 1, 8, 8, 33, 33, 33, 33, 33, 264, 264, 264}));
}

TEST(Families, DynamicAxisIsPlannedForItsLargestSize) {
  SoftmaxProblem p{kF16, 4, 37, 1, false, 384};
  const auto first = softmax_kernel(p);
  p.size = 111;
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->key(), softmax_kernel(p)->key());
}

TEST(Copy, GoesThroughTilesOnlyWhereRowsTurn) {
  const auto turned = copy_kernel({kF16, kF16, {2, 8, 8, 64}, {4096, 8, 1, 64}, {4096, 512, 64, 1}});
  const auto straight = copy_kernel({kF16, kF16, {2, 8, 32}, {1024, 128, 1}, {256, 32, 1}});
  ASSERT_TRUE(turned.ok() && straight.ok());
  EXPECT_EQ(turned->source, "copy/tile_copy.cu");
  EXPECT_EQ(straight->source, "pointwise/pointwise.cu");
}

}  // namespace
}  // namespace ingot::cuda
