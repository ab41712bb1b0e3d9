// Both reorders against plain loops, at sizes with and without tails.
#include "backends/cpu/kernels/layout/reorder.h"

#include <gtest/gtest.h>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

void check(const ReorderDesc& d, int threads) {
  ThreadPool pool(threads);
  for_each_isa([&](Isa isa) {
    const int64_t c = block_of(isa), blocks = channel_blocks(d.channels, isa);
    const Guarded<float> plain(random_floats(d.batch * d.channels * d.pixels, 1));
    Guarded<float> blocked(blocked_size(d, isa)), back(plain.size());
    reorder_to_blocked(pool, isa, d, plain.data(), blocked.data());
    for (int64_t i = 0; i < blocked.size(); ++i) {
      const int64_t pixel = i / c % d.pixels, block = i / c / d.pixels % blocks,
                    image = i / c / d.pixels / blocks;
      const int64_t channel = block * c + i % c;
      const float want =
          channel < d.channels ? plain.data()[(image * d.channels + channel) * d.pixels + pixel] : 0.0f;
      ASSERT_EQ(blocked[i], want) << i << " on " << isa_name(isa);
      if (channel >= d.channels) blocked[i] = NAN;  // must not be read
    }
    reorder_to_plain(pool, isa, d, blocked.data(), back.data());
    for (int64_t i = 0; i < plain.size(); ++i)
      ASSERT_EQ(back[i], plain.data()[i]) << i << " on " << isa_name(isa);
    EXPECT_TRUE(blocked.intact() && back.intact());
  });
}

TEST(Reorder, BothWays) {
  for (int threads : {1, 3}) {
    check({1, 3, 224 * 7}, threads);
    check({2, 16, 49}, threads);
    check({2, 24, 33}, threads);
    check({1, 7, 1}, threads);
    check({3, 40, 1}, threads);
    check({1, 64, 1030}, threads);
    check({2, 1, 17}, threads);
    check({1, 20, 2}, threads);
  }
}

}  // namespace
}  // namespace ingot::cpu
