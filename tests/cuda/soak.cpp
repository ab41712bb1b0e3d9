// cuda_soak MODEL [CONTEXTS [RUNS]]: contexts of one engine on the GPU, each on a thread and stream of its
// own, run again and again on inputs of their own; every result has to be, bit by bit, that of the first run.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ingot/engine.h"

namespace {

using namespace ingot;

std::vector<std::byte> random_bytes(DataType type, size_t bytes, unsigned seed) {
  std::mt19937 rng(seed);
  std::vector<std::byte> out(bytes);
  if (type == DataType::kF32)
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
      const float v = static_cast<float>(rng() >> 8) / (1 << 24);
      std::memcpy(out.data() + i, &v, 4);
    }
  else if (type == DataType::kI64)
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
      const int64_t v = rng() % 10;
      std::memcpy(out.data() + i, &v, 8);
    }
  return out;
}

void expect(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::_Exit(1);  // the other threads are at work
}

std::vector<std::vector<std::byte>> results(const Engine& engine, const Context& context) {
  std::vector<std::vector<std::byte>> out;
  for (const TensorInfo& info : engine.outputs()) {
    const auto y = context.output(info.name);
    expect(y.status());
    const auto* from = static_cast<const std::byte*>(y->data);
    out.emplace_back(from, from + y->bytes());
  }
  return out;
}

// How many runs differ from the first.
long soak(const Engine& engine, int runs, unsigned seed) {
  auto context = engine.context();
  expect(context.status());
  std::vector<std::vector<std::byte>> inputs;
  for (const TensorInfo& info : engine.inputs()) {
    TensorRef x{info.dtype, {}, nullptr};
    for (const std::string& d : info.dims) x.dims.push_back(std::max(1, std::atoi(d.c_str())));  // open: 1
    inputs.push_back(random_bytes(info.dtype, x.bytes(), seed++));
    x.data = inputs.back().data();
    expect(context->set_input(info.name, x));
  }
  expect(context->run());
  const auto first = results(engine, *context);
  long different = 0;
  for (int i = 1; i < runs; ++i) {
    expect(context->run());
    different += results(engine, *context) != first;
  }
  return different;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "cuda_soak MODEL [CONTEXTS [RUNS]]\n"), 2;
  const int contexts = argc > 2 ? std::atoi(argv[2]) : 4, runs = argc > 3 ? std::atoi(argv[3]) : 10000;
  BuildOptions options;
  options.device = "cuda";
  options.level = 1;
  options.fp16 = true;
  const std::string path = argv[1];
  const auto engine = path.ends_with(".ingot") ? load(path) : build(path, options);
  expect(engine.status());
  std::vector<long> different(static_cast<size_t>(contexts));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < different.size(); ++i)
    threads.emplace_back([&, i] { different[i] = soak(*engine, runs, static_cast<unsigned>(1000 * i)); });
  for (std::thread& t : threads) t.join();
  long all = 0;
  for (long d : different) all += d;
  std::printf("%s: %d contexts, %d runs each, %ld results differ\n", path.c_str(), contexts, runs, all);
  return all != 0;
}
