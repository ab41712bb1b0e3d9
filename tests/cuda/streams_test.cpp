// The program's streams, events and CUDA graphs on a real GPU: what is enqueued in an order has to be done in
// that order. Skips without a GPU.
#include <gtest/gtest.h>

#include <cmath>

#include "gpu.h"
#include "ingot/engine.h"
#include "ingot/network.h"

namespace ingot {
namespace {

constexpr int64_t kChannels = 32, kSize = 40;
constexpr size_t kBytes = kChannels * kSize * kSize * sizeof(float);

// Layers that take long enough for an order that is not kept to show.
Network network() {
  static std::vector<float> filter(kChannels * kChannels * 3 * 3);
  for (size_t i = 0; i < filter.size(); ++i) filter[i] = std::sin(static_cast<float>(i)) / 12;
  Network net("layers");
  const NetworkTensor w = net.constant({DataType::kF32, {kChannels, kChannels, 3, 3}, filter.data()}, "w");
  NetworkTensor x = net.input("x", DataType::kF32, {"1", "32", "40", "40"});
  for (int i = 0; i < 6; ++i)
    x = net.op("Tanh", {net.op("Conv", {x, w}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}},
                               "conv" + std::to_string(i))});
  net.output(x, "y");
  return net;
}

std::vector<float> image(int seed) {
  std::vector<float> out(kBytes / sizeof(float));
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = std::sin(static_cast<float>(i * 7 + static_cast<size_t>(seed)));
  return out;
}

class Streams : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = cuda::Gpu::open();
    if (!opened.ok()) GTEST_SKIP() << opened.status().to_string();
    gpu_ = std::move(*opened);
    f_ = &gpu_->functions();
    static const Result<Engine> built = [] {
      BuildOptions options;
      options.device = "cuda";
      options.level = 0;
      return build(network(), options);
    }();
    ASSERT_TRUE(built.ok()) << built.status().to_string();
    engine_ = &*built;
    auto context = engine_->context();
    for (int i = 0; i < kImages; ++i) {
      images_.push_back(image(100 * i));
      ASSERT_TRUE(
          context->set_input("x", {DataType::kF32, {1, kChannels, kSize, kSize}, images_[i].data()}).ok());
      ASSERT_TRUE(context->run().ok());
      const auto y = context->output("y");
      const auto* values = static_cast<const float*>(y->data);
      expected_.emplace_back(values, values + y->size());
    }
    for (auto* memory : {&x_, &y_}) must(f_->cuMemAlloc_v2(memory, kBytes));
  }
  void TearDown() override {
    for (cuda::CUdeviceptr memory : {x_, y_})
      if (memory != 0) f_->cuMemFree_v2(memory);
  }

  void must(cuda::CUresult result) { ASSERT_TRUE(f_->check(result, "in the test").ok()); }
  cuda::CUstream stream() {
    cuda::CUstream s = nullptr;
    must(f_->cuStreamCreate(&s, cuda::kStreamNonBlocking));
    return s;
  }
  cuda::CUevent event() {
    cuda::CUevent e = nullptr;
    must(f_->cuEventCreate(&e, cuda::kEventDisableTiming));
    return e;
  }
  // A context on the test's memory, which has recorded its CUDA graph.
  Context context() {
    auto made = engine_->context();
    EXPECT_TRUE(made.ok());
    Context out = std::move(made).value();
    must(f_->cuMemcpyHtoD_v2(x_, images_[0].data(), kBytes));
    EXPECT_TRUE(
        out.set_input("x", {DataType::kF32, {1, kChannels, kSize, kSize}, reinterpret_cast<void*>(x_)}).ok());
    EXPECT_TRUE(out.set_output("y", reinterpret_cast<void*>(y_), kBytes).ok());
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(out.run().ok());
    return out;
  }
  void bring(int image, cuda::CUstream to) {
    must(f_->cuMemcpyHtoDAsync_v2(x_, images_[static_cast<size_t>(image)].data(), kBytes, to));
  }
  void fetch(std::vector<float>& result, cuda::CUstream from) {
    result.resize(kBytes / sizeof(float));
    must(f_->cuMemcpyDtoHAsync_v2(result.data(), y_, kBytes, from));
  }

  static constexpr int kImages = 3, kRounds = 60;
  std::unique_ptr<cuda::Gpu> gpu_;
  const cuda::DriverFunctions* f_ = nullptr;
  const Engine* engine_ = nullptr;
  std::vector<std::vector<float>> images_, expected_;
  cuda::CUdeviceptr x_ = 0, y_ = 0;
};

TEST_F(Streams, WorkGoesBehindWhatIsThere) {
  Context c = context();
  const cuda::CUstream s = stream();
  ASSERT_TRUE(c.set_stream(s).ok());
  std::vector<std::vector<float>> results(kRounds);
  for (int i = 0; i < kRounds; ++i) {
    bring(i % kImages, s);
    ASSERT_TRUE(c.enqueue().ok());
    fetch(results[static_cast<size_t>(i)], s);
  }
  must(f_->cuStreamSynchronize(s));
  for (int i = 0; i < kRounds; ++i) EXPECT_EQ(results[static_cast<size_t>(i)], expected_[i % kImages]) << i;
  ASSERT_TRUE(c.set_stream(nullptr).ok());
  must(f_->cuStreamDestroy_v2(s));
}

TEST_F(Streams, EventsOrderStreams) {
  Context c = context();
  const cuda::CUstream before = stream(), after = stream();
  const cuda::CUevent brought = event(), done = event(), fetched = event();
  std::vector<std::vector<float>> results(kRounds);
  for (int i = 0; i < kRounds; ++i) {
    bring(i % kImages, before);
    must(f_->cuEventRecord(brought, before));
    ASSERT_TRUE(c.wait_for(brought).ok());
    ASSERT_TRUE(c.enqueue().ok());
    ASSERT_TRUE(c.record(done).ok());
    must(f_->cuStreamWaitEvent(after, done, 0));
    fetch(results[static_cast<size_t>(i)], after);
    must(f_->cuEventRecord(fetched, after));
    must(f_->cuStreamWaitEvent(before, fetched, 0));
  }
  must(f_->cuStreamSynchronize(after));
  for (int i = 0; i < kRounds; ++i) EXPECT_EQ(results[static_cast<size_t>(i)], expected_[i % kImages]) << i;
  for (const cuda::CUevent e : {brought, done, fetched}) f_->cuEventDestroy_v2(e);
  for (const cuda::CUstream s : {before, after}) f_->cuStreamDestroy_v2(s);
}

// Each run on a stream of its own, which is gone when the next begins: what the context had to do comes
// first.
TEST_F(Streams, StreamsAreLeftInOrder) {
  Context c = context();
  for (int i = 0; i < kRounds; ++i) {
    const cuda::CUstream s = stream();
    bring(i % kImages, s);
    must(f_->cuStreamSynchronize(s));
    ASSERT_TRUE(c.set_stream(s).ok());
    for (int k = 0; k < 3; ++k) ASSERT_TRUE(c.enqueue().ok());
    if (i % 4 == 0) must(f_->cuStreamSynchronize(s));
    must(f_->cuStreamDestroy_v2(s));
    const cuda::CUstream next = stream();
    ASSERT_TRUE(c.set_stream(next).ok());
    std::vector<float> result;
    fetch(result, next);
    must(f_->cuStreamSynchronize(next));
    EXPECT_EQ(result, expected_[i % kImages]) << i;
    must(f_->cuStreamDestroy_v2(next));
  }
}

TEST_F(Streams, RunsAreRecordedIntoTheProgramsGraphs) {
  Context c = context();
  const cuda::CUstream s = stream();
  must(f_->cuStreamBeginCapture_v2(s, cuda::kCaptureThreadLocal));
  ASSERT_TRUE(c.set_stream(s).ok());
  ASSERT_TRUE(c.enqueue().ok());
  cuda::CUgraph graph = nullptr;
  cuda::CUgraphExec executable = nullptr;
  must(f_->cuStreamEndCapture(s, &graph));
  must(f_->cuGraphInstantiateWithFlags(&executable, graph, 0));
  for (int i = 0; i < 2 * kImages; ++i) {
    bring(i % kImages, s);
    must(f_->cuGraphLaunch(executable, s));
    std::vector<float> result;
    fetch(result, s);
    must(f_->cuStreamSynchronize(s));
    EXPECT_EQ(result, expected_[i % kImages]) << i;
  }
  f_->cuGraphExecDestroy(executable);
  f_->cuGraphDestroy(graph);
  ASSERT_TRUE(c.set_stream(nullptr).ok());
  ASSERT_TRUE(c.run().ok());
  must(f_->cuStreamDestroy_v2(s));
}

}  // namespace
}  // namespace ingot
