// bench_conv [THREADS] [all] [FILTER]: GFLOP/s and share of the peak for the convolutions of some networks.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "backends/cpu/kernels/conv/direct.h"
#include "backends/cpu/kernels/conv/winograd.h"
#include "kernels/peak.h"

using namespace ingot;

namespace {

struct Layer {
  const char* name;
  int64_t in, out, size, kernel, stride;
  bool plain = false;
};

const Layer kLayers[] = {
    {"resnet50 stem", 3, 64, 224, 7, 2, true},
    {"resnet50 56 1x1", 64, 64, 56, 1, 1},
    {"resnet50 56 3x3", 64, 64, 56, 3, 1},
    {"resnet50 56 expand", 64, 256, 56, 1, 1},
    {"resnet50 56 reduce", 256, 64, 56, 1, 1},
    {"resnet50 28 1x1/2", 256, 512, 56, 1, 2},
    {"resnet50 28 3x3/2", 128, 128, 56, 3, 2},
    {"resnet50 28 3x3", 128, 128, 28, 3, 1},
    {"resnet50 28 expand", 128, 512, 28, 1, 1},
    {"resnet50 28 reduce", 512, 128, 28, 1, 1},
    {"resnet50 14 3x3", 256, 256, 14, 3, 1},
    {"resnet50 14 expand", 256, 1024, 14, 1, 1},
    {"resnet50 14 reduce", 1024, 256, 14, 1, 1},
    {"resnet50 7 1x1/2", 1024, 2048, 14, 1, 2},
    {"resnet50 7 3x3", 512, 512, 7, 3, 1},
    {"resnet50 7 expand", 512, 2048, 7, 1, 1},
    {"resnet50 7 reduce", 2048, 512, 7, 1, 1},
    {"vgg16 1_1", 3, 64, 224, 3, 1, true},
    {"vgg16 1_2", 64, 64, 224, 3, 1},
    {"vgg16 2_2", 128, 128, 112, 3, 1},
    {"vgg16 3_2", 256, 256, 56, 3, 1},
    {"vgg16 4_2", 512, 512, 28, 3, 1},
    {"vgg16 5_1", 512, 512, 14, 3, 1},
    {"mobilenet stem", 3, 32, 224, 3, 2, true},
    {"mobilenet 112", 16, 96, 112, 1, 1},
    {"mobilenet 56", 24, 144, 56, 1, 1},
    {"mobilenet 56 reduce", 144, 24, 56, 1, 1},
    {"mobilenet 28", 32, 192, 28, 1, 1},
    {"mobilenet 14", 96, 576, 14, 1, 1},
    {"mobilenet 14 reduce", 576, 96, 14, 1, 1},
    {"mobilenet 7", 160, 960, 7, 1, 1},
    {"mobilenet 7 last", 320, 1280, 7, 1, 1},
};

constexpr double kBudget = 0.08;  // seconds a variant

int64_t scratch_of(const cpu::DirectConv&) { return 0; }
int64_t scratch_of(const cpu::WinogradConv& conv) { return conv.scratch_floats(); }

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const bool all = argc > 2 && !std::strcmp(argv[2], "all");
  const char* filter = argc > 2 && !all ? argv[2] : argc > 3 ? argv[3] : "";
  auto found = cpu::detect_isa();
  if (!found.ok()) return std::fprintf(stderr, "%s\n", found.status().to_string().c_str()), 1;
  const cpu::Isa isa = *found;
  ThreadPool pool(threads);
  for (const Layer& layer : kLayers) {
    if (std::string(layer.name).find(filter) == std::string::npos) continue;
    const double peak = bench::peak_gflops(isa);
    const int64_t pad = layer.kernel / 2;
    cpu::ConvDesc d{.in_channels = layer.in,
                    .out_channels = layer.out,
                    .in = {layer.size, layer.size},
                    .kernel = {layer.kernel, layer.kernel},
                    .stride = {layer.stride, layer.stride},
                    .pad_begin = {pad, pad},
                    .pad_end = {pad, pad},
                    .plain_src = layer.plain,
                    .clamp = true,
                    .lo = 0,
                    .hi = 1e30f};
    const cpu::ConvWeights weights(d, isa);
    bench::Floats src(cpu::blocked_floats(layer.in, d.in[0] * d.in[1], isa)), packed(weights.floats());
    bench::Floats dst(cpu::blocked_floats(layer.out, d.out(0) * d.out(1), isa)),
        bias(weights.out_blocks * weights.lanes);
    const auto report = [&](const std::string& name, const auto& conv, const float* weights,
                            const char* details) {
      bench::Floats scratch(scratch_of(conv));
      const cpu::ConvBuffers buffers{.src = src.data(),
                                     .weights = weights,
                                     .bias = bias.data(),
                                     .dst = dst.data(),
                                     .scratch = scratch.data()};
      const double seconds = bench::fastest([&] { conv.run(pool, buffers); }, kBudget);
      const double gflops = 2.0 * static_cast<double>(d.macs()) / seconds * 1e-9;
      std::printf("%-20s %4ld %4ld %3ldx%ld/%ld %8.1f us %6.1f GFLOP/s %5.1f %% of peak  %s %s\n", layer.name,
                  layer.in, layer.out, layer.size, layer.kernel, layer.stride, seconds * 1e6, gflops,
                  100 * gflops / (threads * peak), name.c_str(), details);
    };
    char details[100];
    for (const cpu::DirectConvTuning& t : cpu::direct_conv_candidates(d, isa, threads)) {
      std::snprintf(details, sizeof details, "k %ld, strip %ld KB, %d along rows", t.k_block,
                    t.strip_bytes >> 10, t.row_threads);
      report(cpu::direct_conv_name(t, isa), cpu::DirectConv(d, isa, t, threads), packed.data(), details);
      if (!all) break;
    }
    for (int m : {4, 2}) {
      for (const cpu::WinogradTuning& t : cpu::winograd_candidates(d, m, isa, threads)) {
        bench::Floats transformed(cpu::winograd_weight_floats(d, t.m, isa));
        std::snprintf(details, sizeof details, "groups of %ld, %d along channels%s", t.group_tiles,
                      t.channel_threads, t.by_element ? ", by element" : "");
        report(cpu::winograd_name(t, isa), cpu::WinogradConv(d, isa, t, threads), transformed.data(),
               details);
        if (!all) break;
      }
    }
  }
}
