// Every instruction against the C library in double precision, blocks and broadcasts against plain loops.
#include "backends/cpu/kernels/pointwise/pointwise.h"

#include <gtest/gtest.h>

#include <map>

#include "backends/cpu/kernels/pointwise/tile_post.h"
#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

using Reference = double (*)(double, double, double);
double softplus(double a) { return a > 0 ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a)); }

const std::map<std::string_view, Reference>& references() {
#define FN(expression)                                               \
  [](double a, double b, double c) -> double {                       \
    return static_cast<void>(b), static_cast<void>(c), (expression); \
  }
  static const std::map<std::string_view, Reference> table = {
      {"add", FN(a + b)},
      {"sub", FN(a - b)},
      {"mul", FN(a * b)},
      {"div", FN(a / b)},
      {"max", FN(std::isnan(a) || a > b ? a : b)},
      {"min", FN(std::isnan(a) || a < b ? a : b)},
      {"pow", FN(std::pow(a, b))},
      {"mod", FN(std::fmod(a, b))},
      {"fma", FN(a * b + c)},
      {"neg", FN(-a)},
      {"abs", FN(std::fabs(a))},
      {"sqrt", FN(std::sqrt(a))},
      {"rsqrt", FN(1 / std::sqrt(a))},
      {"reciprocal", FN(1 / a)},
      {"exp", FN(std::exp(a))},
      {"log", FN(std::log(a))},
      {"sin", FN(std::sin(a))},
      {"cos", FN(std::cos(a))},
      {"tanh", FN(std::tanh(a))},
      {"erf", FN(std::erf(a))},
      {"floor", FN(std::floor(a))},
      {"ceil", FN(std::ceil(a))},
      {"round", FN(std::nearbyint(a))},
      {"sign", FN(std::isnan(a) ? a : (a > 0) - (a < 0))},
      {"relu", FN(a < 0 ? 0 : a)},
      {"leakyrelu", FN(a < 0 ? a * b : a)},
      {"prelu", FN(a < 0 ? a * b : a)},
      {"elu", FN(a < 0 ? b * std::expm1(a) : a)},
      {"sigmoid", FN(1 / (1 + std::exp(-a)))},
      {"hardsigmoid", FN(std::isnan(a) ? a : std::min(std::max(a * b + c, 0.0), 1.0))},
      {"hardswish", FN(a <= -3  ? 0
                       : a >= 3 ? a
                                : a * (a / 6 + 0.5))},
      {"silu", FN(a / (1 + std::exp(-a)))},
      {"gelu", FN(0.5 * a * (1 + std::erf(a / std::sqrt(2.0))))},
      {"gelu_tanh", FN(0.5 * a * (1 + std::tanh(0.79788456080286536 * (a + 0.044715 * a * a * a))))},
      {"softplus", FN(softplus(a))},
      {"softsign", FN(a / (1 + std::fabs(a)))},
      {"mish", FN(a * std::tanh(softplus(a)))},
      {"clip", FN(std::isnan(a) ? a : std::min(std::max(a, b), c))},
      {"equal", FN(a == b)},
      {"less", FN(a < b)},
      {"greater", FN(a > b)},
      {"less_equal", FN(a <= b)},
      {"greater_equal", FN(a >= b)},
      {"not", FN(a == 0)},
      {"and", FN(a != 0 && b != 0)},
      {"or", FN(a != 0 || b != 0)},
      {"xor", FN((a != 0) != (b != 0))},
      {"select", FN(a != 0 ? b : c)},
  };
#undef FN
  return table;
}

VectorOperand input(int i) { return {VectorOperand::kInput, i, 0}; }
VectorOperand temp(int i) { return {VectorOperand::kTemp, i, 0}; }
VectorOperand number(float v) { return {VectorOperand::kNumber, 0, v}; }

TEST(VectorProgram, EveryInstructionInEveryFormMatchesTheLibrary) {
  ASSERT_EQ(references().size(), static_cast<size_t>(VectorOp::kCount));
  const int64_t n = 243;
  std::vector<float> a = random_floats(n, 1, -6, 6), b = random_floats(n, 2, 0.1f, 2),
                     c = random_floats(n, 3, 2, 4);
  for (int i = 0; i < 8; ++i) b[static_cast<size_t>(i)] = a[static_cast<size_t>(i)];  // equal operands
  for (const auto& [name, reference] : references()) {
    const VectorOp op = find_vector_op(name);
    ASSERT_NE(op, VectorOp::kCount) << name;
    const bool positive = name == "log" || name == "sqrt" || name == "rsqrt" || name == "pow";
    const int count = operands_of(op);
    for (int form = 0; form < 1 << count; ++form) {
      Guarded<float> x[3] = {a, b, c};
      for (int64_t i = 0; positive && i < n; ++i) x[0][i] = std::fabs(x[0][i]), x[1][i] = std::fabs(x[1][i]);
      std::vector<double> want;
      for (int64_t i = 0; i < n; ++i)
        want.push_back(reference(x[0][form & 1 ? 0 : i], x[1][form & 2 ? 0 : i], x[2][form & 4 ? 0 : i]));
      VectorInstruction in{op, {}};
      VectorInput inputs[3];
      for (int k = 0; k < count; ++k) {
        in.operands[k] = form >> k & 1 ? number(x[k][0]) : input(k);
        inputs[k] = {x[k].data()};
      }
      for_each_isa([&](Isa isa) {
        const VectorProgram program({&in, 1}, isa);
        Guarded<float> y(n), scratch(program.scratch_floats());
        program.execute(inputs, y.data(), n, scratch.data());
        EXPECT_LT(worst_error(y.data(), want), 1e-6) << name << " form " << form << " on " << isa_name(isa);
        EXPECT_TRUE(y.intact() && scratch.intact()) << name;
      });
    }
  }
}

TEST(VectorProgram, NotANumberAndTheInfinities) {
  const float inf = INFINITY;
  const std::vector<float> x = {NAN,    inf,   -inf,   0.0f, -0.0f, 1e-40f, 88.5f, 89,      -103,
                                -87.0f, 1e30f, -1e30f, 3e4f, 1,     200,    -200,  20000.5f};
  const auto n = static_cast<int64_t>(x.size());
  for (const char* name : {"exp", "log", "tanh", "erf", "sigmoid", "relu", "sqrt", "floor", "round", "sign",
                           "abs", "softplus", "clip", "max", "min", "hardsigmoid", "elu", "sin", "cos"}) {
    const VectorOp op = find_vector_op(name);
    const VectorInstruction in{op, {input(0), number(0.25f), number(0.5f)}};
    std::vector<double> want;
    for (float v : x) want.push_back(static_cast<float>(references().at(name)(v, 0.25, 0.5)));
    for_each_isa([&](Isa isa) {
      const VectorProgram program({&in, 1}, isa);
      std::vector<float> y(x.size()), scratch(static_cast<size_t>(program.scratch_floats()));
      const VectorInput inputs{x.data()};
      program.execute(&inputs, y.data(), n, scratch.data());
      EXPECT_LT(worst_error(y.data(), want), 2e-6) << name << " on " << isa_name(isa);
    });
  }
}

TEST(VectorProgram, SlotsAreReusedAndUnreadResultsDropped) {
  // ((x0 * x1 + x2) ^ 2 + exp(x0)) * x0, with a result that nobody reads
  const VectorInstruction program[] = {
      {VectorOp::k_mul, {input(0), input(1)}}, {VectorOp::k_add, {temp(0), input(2)}},
      {VectorOp::k_exp, {input(0)}},           {VectorOp::k_log, {input(1)}},
      {VectorOp::k_pow, {temp(1), number(2)}}, {VectorOp::k_add, {temp(2), temp(4)}},
      {VectorOp::k_mul, {temp(5), input(0)}}};
  const std::vector<float> a = random_floats(100, 1), b = random_floats(100, 2), c = random_floats(100, 3);
  std::vector<double> want;
  for (size_t i = 0; i < 100; ++i)
    want.push_back((std::pow(double{a[i]} * b[i] + c[i], 2) + std::exp(a[i])) * a[i]);
  for_each_isa([&](Isa isa) {
    const VectorProgram compiled(program, isa);
    EXPECT_LE(compiled.scratch_floats(), 3 * VectorProgram::kBlock);
    std::vector<float> scratch(static_cast<size_t>(compiled.scratch_floats()));
    Guarded<float> y(a);  // in place over input 0
    const VectorInput inputs[] = {{y.data()}, {b.data()}, {c.data()}};
    compiled.execute(inputs, y.data(), 100, scratch.data());
    EXPECT_LT(worst_error(y.data(), want), 1e-6);
  });
}

// dims, strides of x1 (x0 is dense): y = x0 * x1 + x0 through Pointwise and through plain loops.
void check_broadcast(const std::vector<int64_t>& dims, const std::vector<int64_t>& strides, int threads) {
  int64_t size = 1, extent = 1;
  for (size_t d = 0; d < dims.size(); ++d) size *= dims[d], extent += (dims[d] - 1) * strides[d];
  std::vector<int64_t> dense(dims.size());
  for (int64_t step = 1, d = static_cast<int64_t>(dims.size()); d-- > 0; step *= dims[static_cast<size_t>(d)])
    dense[static_cast<size_t>(d)] = step;
  const Guarded<float> a(random_floats(size, 1)), b(random_floats(extent, 2));
  std::vector<double> want;
  for (int64_t i = 0; i < size; ++i) {
    int64_t at = 0;
    for (size_t d = 0; d < dims.size(); ++d) at += i / dense[d] % dims[d] * strides[d];
    want.push_back(double{a.data()[i]} * b.data()[at] + a.data()[i]);
  }
  const PointwiseDesc desc{{{VectorOp::k_mul, {input(0), input(1)}}, {VectorOp::k_add, {temp(0), input(0)}}},
                           dims,
                           {dense, strides}};
  ThreadPool pool(threads);
  for_each_isa([&](Isa isa) {
    Pointwise op;
    op.prepare(desc, isa, threads);
    Guarded<float> y(size), scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
    const float* inputs[] = {a.data(), b.data()};
    op.run(pool, inputs, y.data(), scratch.data());
    EXPECT_LT(worst_error(y.data(), want), 1e-6) << isa_name(isa);
    EXPECT_TRUE(y.intact() && scratch.intact());
  });
}

TEST(Pointwise, BroadcastsOfEveryKind) {
  for (int threads : {1, 3}) {
    check_broadcast({7001}, {1}, threads);                    // same shape
    check_broadcast({2, 3, 1000}, {0, 0, 0}, threads);        // one number
    check_broadcast({2, 5, 31, 33}, {0, 1, 0, 0}, threads);   // per channel, plain
    check_broadcast({2, 5, 7, 3}, {0, 1, 0, 0}, threads);     // the same with short rows
    check_broadcast({64, 96}, {0, 1}, threads);               // a short row
    check_broadcast({20, 768}, {0, 1}, threads);              // a long one
    check_broadcast({20, 768}, {1, 0}, threads);              // one number for each long row
    check_broadcast({300, 9}, {1, 0}, threads);               // for each short row
    check_broadcast({2, 3, 49, 16}, {0, 16, 0, 1}, threads);  // per channel, blocked
    check_broadcast({2, 3, 700, 8}, {24, 8, 0, 1}, threads);  // the same for each image
    check_broadcast({5, 1030, 8}, {8, 0, 1}, threads);
    check_broadcast({5, 1030, 16}, {16, 0, 1}, threads);
    check_broadcast({5, 1030, 24}, {24, 0, 1}, threads);
    check_broadcast({31, 33}, {1, 31}, threads);                      // transposed
    check_broadcast({3, 1, 5, 1, 700}, {1400, 0, 0, 0, 2}, threads);  // every second element
    check_broadcast({}, {}, threads);
    check_broadcast({4, 0, 3}, {0, 3, 1}, threads);
  }
}

TEST(Pointwise, PaddedLanesStayFinite) {
  // 3 channels in blocks of 8; the padded lanes hold zeros, whose reciprocals must not get out
  std::vector<float> x(2 * 1 * 130 * 8, 0.0f);
  for (size_t i = 0; i < x.size(); ++i)
    if (i % 8 < 3) x[i] = static_cast<float>(i % 7 + 1);
  PointwiseDesc desc{{{VectorOp::k_reciprocal, {input(0)}}}, {2, 1, 130, 8}, {{1040, 1040, 8, 1}}, 3};
  ThreadPool pool(2);
  for_each_isa([&](Isa isa) {
    Pointwise op;
    op.prepare(desc, isa, 2);
    std::vector<float> y(x.size(), NAN), scratch(op.scratch_bytes() / 4);
    const float* inputs[] = {x.data()};
    op.run(pool, inputs, y.data(), scratch.data());
    for (size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], i % 8 < 3 ? 1.0f / x[i] : 0.0f) << i;
  });
}

TEST(TilePost, TilesOfEveryShapeWithEveryOperand) {
  // relu((tile + same) * channel + one)
  const TilePostDesc desc{{{VectorOp::k_add, {input(0), input(1)}},
                           {VectorOp::k_mul, {temp(0), input(2)}},
                           {VectorOp::k_add, {temp(1), input(3)}},
                           {VectorOp::k_relu, {temp(2)}}},
                          {PostAccess::kSame, PostAccess::kChannel, PostAccess::kNumber}};
  ASSERT_TRUE(TilePost::fits(desc));
  const int64_t total_rows = 40, channels = 700;
  const Guarded<float> x(random_floats(total_rows * channels, 1)),
      same(random_floats(total_rows * channels, 2)), channel(random_floats(channels, 3)),
      one(random_floats(1, 4));
  const float* operands[] = {same.data(), channel.data(), one.data()};
  for (const auto& [rows, cols] :
       {std::pair<int64_t, int64_t>{14, 32}, {1, 7}, {40, 700}, {3, 130}, {33, 16}, {2, 513}, {5, 8}}) {
    const int64_t row0 = total_rows - rows, col0 = channels - cols;
    for_each_isa([&](Isa isa) {
      Guarded<float> y({x.data(), x.data() + x.size()});
      const int64_t offset = row0 * channels + col0;
      const TilePost post(desc, isa);
      PostCall{&post, operands}(y.data() + offset, offset, col0, rows, channels, cols);
      std::vector<double> want;
      for (int64_t i = 0; i < x.size(); ++i) {
        const int64_t r = i / channels, c = i % channels;
        const double v = (double{x.data()[i]} + same.data()[i]) * channel.data()[c] + one.data()[0];
        want.push_back(r >= row0 && c >= col0 ? std::max(v, 0.0) : double{x.data()[i]});
      }
      EXPECT_LT(worst_error(y.data(), want), 1e-6) << rows << "x" << cols << " on " << isa_name(isa);
      EXPECT_TRUE(y.intact());
    });
  }
}

}  // namespace
}  // namespace ingot::cpu
