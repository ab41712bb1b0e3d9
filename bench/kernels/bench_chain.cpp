// bench_chain [THREADS] [FILTER]: chains of convolutions of mobile networks, by strips of every height.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "backends/cpu/kernels/conv/chain.h"
#include "kernels/peak.h"

using namespace ingot;

namespace {

struct Chain {
  const char* name;
  int64_t in, middle, out, size, kernel, stride;  // size: of the depthwise source; out 0: there is no third
};

const Chain kChains[] = {
    {"mobilenet stem", 3, 32, 16, 112, 3, 1},        {"mobilenet 112", 16, 96, 24, 112, 3, 2},
    {"mobilenet 56", 24, 144, 24, 56, 3, 1},         {"mobilenet 56/2", 24, 144, 32, 56, 3, 2},
    {"mobilenet 28", 32, 192, 32, 28, 3, 1},         {"mobilenet 14", 64, 384, 64, 14, 3, 1},
    {"efficientnet 112", 16, 96, 0, 112, 3, 2},      {"efficientnet 56", 24, 144, 0, 56, 3, 1},
    {"efficientnet 56/2 5x5", 24, 144, 0, 56, 5, 2}, {"efficientnet 28 5x5", 40, 240, 0, 28, 5, 1},
};

constexpr double kBudget = 0.05;  // seconds a variant

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const std::string filter = argc > 2 ? argv[2] : "";
  auto found = cpu::detect_isa();
  if (!found.ok()) return std::fprintf(stderr, "%s\n", found.status().to_string().c_str()), 1;
  const cpu::Isa isa = *found;
  ThreadPool pool(threads);
  for (const Chain& c : kChains) {
    if (std::string(c.name).find(filter) == std::string::npos) continue;
    const double peak = bench::peak_gflops(isa);
    cpu::ConvChainDesc d;
    d.first = {.in_channels = c.in, .out_channels = c.middle, .in = {c.size, c.size}};
    if (c.in == 3)
      d.first = {.in_channels = c.in,
                 .out_channels = c.middle,
                 .in = {2 * c.size, 2 * c.size},
                 .kernel = {3, 3},
                 .stride = {2, 2},
                 .pad_begin = {1, 1},
                 .pad_end = {1, 1},
                 .plain_src = true};
    d.first.clamp = true, d.first.hi = 6;
    const int64_t pad = c.kernel / 2;
    d.depthwise = {.in_channels = c.middle,
                   .out_channels = c.middle,
                   .in = {c.size, c.size},
                   .kernel = {c.kernel, c.kernel},
                   .stride = {c.stride, c.stride},
                   .pad_begin = {pad, pad},
                   .pad_end = {pad, pad},
                   .groups = c.middle,
                   .clamp = true,
                   .hi = 6};
    const int64_t out[] = {d.depthwise.out(0), d.depthwise.out(1)};
    if (c.out > 0) d.last = {.in_channels = c.middle, .out_channels = c.out, .in = {out[0], out[1]}};
    const int64_t last = c.out > 0 ? c.out : c.middle;
    const int64_t macs = d.first.macs() + d.depthwise.macs() + (d.last ? d.last->macs() : 0);
    bench::Floats src(cpu::blocked_floats(c.in, d.first.in[0] * d.first.in[1], isa)),
        dst(cpu::blocked_floats(last, out[0] * out[1], isa)), weights(1 << 20), bias(4096);
    for (const cpu::ConvChainTuning& t : cpu::conv_chain_candidates(d, isa, threads)) {
      const cpu::ConvChain chain(d, isa, t, threads);
      bench::Floats scratch(chain.scratch_floats());
      const cpu::ConvChain::Stage stage{weights.data(), bias.data()};
      const double seconds = bench::fastest(
          [&] {
            chain.run(pool, {.src = src.data(),
                             .first = stage,
                             .depthwise = stage,
                             .last = stage,
                             .dst = dst.data(),
                             .scratch = scratch.data()});
          },
          kBudget);
      const double gflops = 2.0 * static_cast<double>(macs) / seconds * 1e-9;
      std::printf("%-22s %8.1f us %6.1f GFLOP/s %5.1f %% of peak  %s, tiles of %d and %d, scratch %ld KB\n",
                  c.name, seconds * 1e6, gflops, 100 * gflops / (threads * peak),
                  cpu::conv_chain_name(t, isa).c_str(), t.first_vecs, t.last_vecs,
                  chain.scratch_floats() * 4 / 1024 / threads);
    }
  }
}
