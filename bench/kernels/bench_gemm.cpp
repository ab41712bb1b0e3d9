// bench_gemm [THREADS]: GFLOP/s and share of the peak for the matrix products of bert_base and a few others.
#include <cstdio>
#include <cstdlib>

#include "backends/cpu/kernels/gemm/gemm.h"
#include "kernels/peak.h"

using namespace ingot;

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const bool all = argc > 2;
  auto found = cpu::detect_isa();
  if (!found.ok()) return std::fprintf(stderr, "%s\n", found.status().to_string().c_str()), 1;
  const cpu::Isa isa = *found;
  struct Case {
    const char* name;
    int64_t m, n, k;
  };
  const Case cases[] = {
      {"bert q, k, v", 128, 768, 768}, {"bert up", 128, 3072, 768},    {"bert down", 128, 768, 3072},
      {"bert qkv", 128, 2304, 768},    {"vit up", 197, 3072, 768},     {"resnet fc", 1, 1000, 2048},
      {"vgg fc6", 1, 4096, 25088},     {"gpt2 logits", 8, 50257, 768}, {"square", 1024, 1024, 1024}};
  ThreadPool pool(threads);
  for (const Case& c : cases) {
    cpu::GemmDesc d{.m = c.m, .n = c.n, .k = c.k, .lda = c.k, .ldb = c.n, .ldc = c.n};
    d.b_packed = true;
    bench::Floats a(c.m * c.k), b(cpu::packed_gemm_b_floats(c.n, c.k, isa)), out(c.m * c.n), bias(c.n);
    for (const cpu::GemmTuning& tuning : cpu::gemm_candidates(d, isa, threads)) {
      const cpu::Gemm gemm(d, isa, tuning, threads);
      bench::Floats scratch(gemm.scratch_floats());
      const double seconds = bench::fastest([&] {
        gemm.run(
            pool,
            {.a = a.data(), .b = b.data(), .bias = bias.data(), .c = out.data(), .scratch = scratch.data()});
      });
      const double gflops = 2.0 * static_cast<double>(c.m * c.n * c.k) / seconds * 1e-9;
      const cpu::GemmTuning& t = gemm.tuning();
      std::printf(
          "%-14s %5ld %6ld %6ld  %8.1f us %7.1f GFLOP/s %5.1f %% of peak  %s k %ld, %d along m, pack %d\n",
          c.name, c.m, c.n, c.k, seconds * 1e6, gflops, 100 * gflops / (threads * bench::peak_gflops(isa)),
          cpu::gemm_name(t, isa).c_str(), t.k_block, t.m_threads, t.pack_a);
      if (!all) break;
    }
  }
}
