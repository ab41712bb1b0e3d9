// Strided copies and pads of every element size against plain loops.
#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/testing.h"
#include "backends/cpu/kernels/transpose/pad.h"
#include "backends/cpu/kernels/transpose/strided_copy.h"

namespace ingot::cpu {
namespace {

using Sizes = std::vector<int64_t>;

template <class T>
void check(const Sizes& dims, const Sizes& src_strides, const Sizes& dst_strides, int threads) {
  int64_t count = 1, src_from = 0, src_to = 0, dst_to = 0;
  for (size_t d = 0; d < dims.size(); ++d) {
    count *= dims[d];
    (src_strides[d] < 0 ? src_from : src_to) += (dims[d] - 1) * src_strides[d];
    dst_to += (dims[d] - 1) * dst_strides[d];
  }
  Guarded<T> src(count == 0 ? 1 : src_to - src_from + 1), dst(count == 0 ? 1 : dst_to + 1);
  for (int64_t i = 0; i < src.size(); ++i) src[i] = static_cast<T>(i * 2654435761u);
  std::memset(dst.data(), 0x5a, static_cast<size_t>(dst.size()) * sizeof(T));
  std::vector<T> want(dst.data(), dst.data() + dst.size());
  const Sizes dense = dense_strides(dims);
  for (int64_t i = 0; i < count; ++i) {
    int64_t s = -src_from, t = 0;
    for (size_t d = 0; d < dims.size(); ++d)
      s += i / dense[d] % dims[d] * src_strides[d], t += i / dense[d] % dims[d] * dst_strides[d];
    want[static_cast<size_t>(t)] = src[s];
  }
  ThreadPool pool(threads);
  for_each_isa([&](Isa isa) {
    StridedCopy op;
    op.prepare({sizeof(T), dims, src_strides, dst_strides}, isa);
    std::memset(dst.data(), 0x5a, static_cast<size_t>(dst.size()) * sizeof(T));
    op.run(pool, src.data() - src_from, dst.data());
    EXPECT_EQ(std::memcmp(dst.data(), want.data(), want.size() * sizeof(T)), 0)
        << isa_name(isa) << " size " << sizeof(T);
    EXPECT_TRUE(dst.intact());
  });
}

void check_all(const Sizes& dims, const Sizes& src_strides, const Sizes& dst_strides) {
  check<uint8_t>(dims, src_strides, dst_strides, 2);
  check<uint16_t>(dims, src_strides, dst_strides, 1);
  check<uint32_t>(dims, src_strides, dst_strides, 1);
  check<uint32_t>(dims, src_strides, dst_strides, 3);
  check<uint64_t>(dims, src_strides, dst_strides, 2);
}

void check_transpose(const Sizes& dims, const Sizes& perm) {
  const StridedCopyDesc d = transpose_desc(dims, perm, 4);
  check_all(d.dims, d.src_strides, d.dst_strides);
}

TEST(StridedCopy, Transposes) {
  check_transpose({33, 50}, {1, 0});
  check_transpose({64, 64}, {1, 0});
  check_transpose({500, 3}, {1, 0});
  check_transpose({2, 3, 61, 47}, {0, 2, 3, 1});
  check_transpose({2, 61, 47, 3}, {0, 3, 1, 2});
  check_transpose({1, 128, 12, 64}, {0, 2, 1, 3});
  check_transpose({1, 30, 12, 20}, {0, 2, 3, 1});
  check_transpose({5, 4, 3, 2, 6}, {4, 3, 2, 1, 0});
  check_transpose({7, 9, 11}, {2, 0, 1});
  check_transpose({40, 1, 300}, {2, 1, 0});
}

TEST(StridedCopy, OtherStrides) {
  check_all({}, {}, {});
  check_all({4, 0, 5}, {0, 5, 1}, {0, 5, 1});
  check_all({40000}, {1}, {1});
  check_all({6, 700}, {1400, 2}, {700, 1});       // every second element
  check_all({6, 700}, {-700, -1}, {700, 1});      // reversed
  check_all({5, 70, 9}, {0, 1, 0}, {630, 9, 1});  // expanded
  check_all({300, 80}, {80, 1}, {200, 1});        // a piece of a concatenation
  check_all({30, 80}, {1, 30}, {200, 1});
  check_all({30, 80}, {80, 1}, {1, 30});
}

TEST(Pad, EveryMode) {
  const Sizes dims = {3, 4, 5};
  for (PadMode mode : {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect, PadMode::kWrap})
    for (const auto& [before, after] :
         {std::pair<Sizes, Sizes>{{0, 1, 2}, {2, 0, 3}}, {{1, 0, 0}, {0, 0, 0}}, {{-1, 2, -2}, {1, -1, 4}}}) {
      Guarded<float> x(random_floats(60, 1));
      Sizes out;
      int64_t size = 1;
      for (size_t d = 0; d < 3; ++d) out.push_back(dims[d] + before[d] + after[d]), size *= out.back();
      auto source = [&](size_t d, int64_t i) -> int64_t {
        const int64_t n = dims[d];
        i -= before[d];
        while (mode != PadMode::kConstant && (i < 0 || i >= n)) {
          if (mode == PadMode::kEdge)
            i = i < 0 ? 0 : n - 1;
          else if (mode == PadMode::kReflect)
            i = i < 0 ? -i : 2 * (n - 1) - i;
          else
            i += i < 0 ? n : -n;
        }
        return i >= 0 && i < n ? i : -1;
      };
      Pad op;
      op.prepare({mode, 4, dims, before, after});
      ThreadPool pool(2);
      Guarded<float> y(size);
      const float value = 7.5f;
      op.run(pool, x.data(), &value, y.data());
      for (int64_t i = 0; i < size; ++i) {
        const int64_t a = source(0, i / (out[1] * out[2])), b = source(1, i / out[2] % out[1]),
                      c = source(2, i % out[2]);
        ASSERT_EQ(y[i], a < 0 || b < 0 || c < 0 ? value : x[(a * 4 + b) * 5 + c])
            << i << " mode " << static_cast<int>(mode);
      }
      EXPECT_TRUE(y.intact());
    }
}

}  // namespace
}  // namespace ingot::cpu
