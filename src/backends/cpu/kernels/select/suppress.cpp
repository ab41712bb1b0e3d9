#include "backends/cpu/kernels/select/suppress.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "backends/cpu/kernels/select/sort_key.h"

namespace ingot::cpu {

namespace baseline {
extern const SuppressKernels kSuppress;
}
namespace avx2 {
extern const SuppressKernels kSuppress;
}
namespace avx512 {
extern const SuppressKernels kSuppress;
}
const SuppressKernels& suppress_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kSuppress); }

namespace {

// Sorts the first n entries by their upper halves; equal ones stay in their order.
void radix_sort(std::vector<uint64_t>& entries, std::vector<uint64_t>& spare, int64_t n) {
  constexpr int kBits = 11;
  for (int shift = 32; shift < 64; shift += kBits) {
    int64_t starts[1 << kBits] = {};
    constexpr uint64_t kMask = (1 << kBits) - 1;
    for (int64_t i = 0; i < n; ++i) ++starts[entries[static_cast<size_t>(i)] >> shift & kMask];
    int64_t sum = 0;
    for (int64_t& s : starts) sum += std::exchange(s, sum);
    for (int64_t i = 0; i < n; ++i) {
      const uint64_t e = entries[static_cast<size_t>(i)];
      spare[static_cast<size_t>(starts[e >> shift & kMask]++)] = e;
    }
    entries.swap(spare);
  }
}

}  // namespace

void Suppress::prepare(const SuppressDesc& desc, Isa isa) {
  desc_ = desc;
  isa_ = isa;
  const auto n = static_cast<size_t>(desc.boxes);
  for (auto* v : {&order_, &places_, &spare_}) v->resize(n);
  for (auto* v : {&group_of_, &by_group_}) v->resize(n);
  for (auto& column : columns_) column.resize(n);
  for (auto& column : kept_columns_) column.resize(n);
  is_kept_.resize(n);
  groups_.reserve(n);
  kept_.reserve(n);
}

void Suppress::order_by_score(const float* scores, std::optional<float> lowest) {
  count_ = 0;
  for (int64_t i = 0; i < desc_.boxes; ++i)
    if (lowest ? scores[i] > *lowest : scores[i] == scores[i])
      order_[static_cast<size_t>(count_++)] =
          static_cast<uint64_t>(~sort_key(scores[i])) << 32 | static_cast<uint64_t>(i);
  radix_sort(order_, spare_, count_);
}

void Suppress::read_boxes(const float* boxes) {
  for (size_t rank = 0; rank < static_cast<size_t>(count_); ++rank) {
    const float* v = boxes + static_cast<uint32_t>(order_[rank]) * int64_t{4};
    const double a = v[0], b = v[1], p = v[2], q = v[3];
    const double x1 = desc_.centers ? a - p / 2 : std::min(b, q),
                 x2 = desc_.centers ? a + p / 2 : std::max(b, q);
    const double y1 = desc_.centers ? b - q / 2 : std::min(a, p),
                 y2 = desc_.centers ? b + q / 2 : std::max(a, p);
    const double box[5] = {x1, y1, x2, y2, (x2 - x1) * (y2 - y1)};
    for (size_t c = 0; c < 5; ++c) columns_[c][rank] = box[c];
  }
}

void Suppress::find_groups() {
  // A sweep along x. Places are rounded to floats on both sides of the comparison, which keeps their order.
  const auto n = static_cast<size_t>(count_);
  for (size_t rank = 0; rank < n; ++rank)
    places_[rank] = static_cast<uint64_t>(sort_key(static_cast<float>(columns_[0][rank]))) << 32 | rank;
  radix_sort(places_, spare_, count_);
  groups_.clear();
  float reach = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < n; ++i) {
    const auto rank = static_cast<uint32_t>(places_[i]);
    if (groups_.empty() || static_cast<float>(columns_[0][rank]) > reach) groups_.push_back({0, 0});
    reach = std::max(reach, static_cast<float>(columns_[2][rank]));
    group_of_[rank] = static_cast<uint32_t>(groups_.size() - 1);
    ++groups_.back().end;
  }
  int64_t begin = 0;
  for (Group& g : groups_) {
    g.begin = begin;
    begin += std::exchange(g.end, begin);
  }
  for (size_t rank = 0; rank < n; ++rank)  // ends become what they say
    by_group_[static_cast<size_t>(groups_[group_of_[rank]].end++)] = static_cast<uint32_t>(rank);
}

void Suppress::run_group(const Group& group, float iou, int64_t limit) {
  BoxColumns all, own;
  for (size_t c = 0; c < 5; ++c) {
    all[c] = columns_[c].data();
    own[c] = kept_columns_[c].data() + group.begin;
  }
  const auto overlaps = suppress_kernels(isa_).overlaps;
  int64_t kept = 0;
  for (int64_t i = group.begin; i < group.end && kept < limit; ++i) {
    const int64_t rank = by_group_[static_cast<size_t>(i)];
    if (overlaps(own, kept, all, rank, iou)) continue;
    for (size_t c = 0; c < 5; ++c) own[c][kept] = all[c][rank];
    ++kept;
    is_kept_[static_cast<size_t>(rank)] = 1;
  }
}

const std::vector<int64_t>& Suppress::run(ThreadPool& pool, const float* boxes, const float* scores,
                                          std::optional<float> lowest, float iou, int64_t limit) {
  order_by_score(scores, lowest);
  read_boxes(boxes);
  find_groups();
  std::fill_n(is_kept_.begin(), count_, uint8_t{0});
  auto work = [&](int thread, int threads) {
    const Share mine = share(count_, thread, threads);  // the groups that begin there
    for (const Group& g : groups_)
      if (g.begin >= mine.begin && g.begin < mine.end) run_group(g, iou, limit);
  };
  if (count_ < 1024 || groups_.size() == 1)
    work(0, 1);
  else
    pool.run([&](int thread) { work(thread, pool.size()); });
  kept_.clear();
  for (int64_t rank = 0; rank < count_ && static_cast<int64_t>(kept_.size()) < limit; ++rank)
    if (is_kept_[static_cast<size_t>(rank)] != 0)
      kept_.push_back(static_cast<uint32_t>(order_[static_cast<size_t>(rank)]));
  return kept_;
}

}  // namespace ingot::cpu
