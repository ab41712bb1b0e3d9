// Recurrent layers against ONNX's formulas in double precision.
#include "backends/cpu/kernels/rnn/rnn.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct Reference {
  std::vector<double> y, h, c;
};

struct Data {
  std::vector<float> x, w, r, b, p, h0, c0;
  std::vector<int32_t> lengths;
};

int64_t gates_of(RnnCell cell) {
  return cell == RnnCell::kLstm ? 4 : cell == RnnCell::kGru || cell == RnnCell::kGruReset ? 3 : 1;
}

Reference reference(const RnnDesc& d, const Data& data) {
  const int64_t H = d.hidden, G = gates_of(d.cell), D = d.directions, B = d.batch, T = d.steps;
  Reference out;
  out.y.resize(static_cast<size_t>(T * D * B * H));
  out.h.resize(static_cast<size_t>(D * B * H));
  out.c.resize(out.h.size());
  for (int64_t dir = 0; dir < D; ++dir)
    for (int64_t row = 0; row < B; ++row) {
      const int64_t state = (d.batch_first ? row * D + dir : dir * B + row) * H,
                    length = d.lengths ? data.lengths[static_cast<size_t>(row)] : T;
      std::vector<double> h(data.h0.begin() + state, data.h0.begin() + state + H),
          c(data.c0.begin() + state, data.c0.begin() + state + H);
      for (int64_t s = 0; s < length; ++s) {
        const int64_t t = (D == 2 ? dir == 1 : d.reverse) ? length - 1 - s : s;
        const float* x = &data.x[static_cast<size_t>((d.batch_first ? row * T + t : t * B + row) * d.inputs)];
        std::vector<double> next(static_cast<size_t>(H)), before = h;  // what the last gate's product reads
        if (d.cell == RnnCell::kGruReset) {
          for (int64_t u = 0; u < H; ++u) {
            const int64_t at = dir * G * H + H + u;
            double sum = double{data.b[static_cast<size_t>(dir * 2 * G * H + H + u)]} +
                         data.b[static_cast<size_t>(dir * 2 * G * H + (G + 1) * H + u)];
            for (int64_t i = 0; i < d.inputs; ++i)
              sum += double{data.w[static_cast<size_t>(at * d.inputs + i)]} * x[i];
            for (int64_t i = 0; i < H; ++i)
              sum += data.r[static_cast<size_t>(at * H + i)] * h[static_cast<size_t>(i)];
            before[static_cast<size_t>(u)] *= sigmoid(sum);
          }
        }
        for (int64_t u = 0; u < H; ++u) {
          double in[4], rec[4];
          for (int64_t g = 0; g < G; ++g) {
            const int64_t at = dir * G * H + g * H + u;
            in[g] = data.b[static_cast<size_t>(dir * 2 * G * H + g * H + u)];
            rec[g] = data.b[static_cast<size_t>(dir * 2 * G * H + (G + g) * H + u)];
            for (int64_t i = 0; i < d.inputs; ++i)
              in[g] += double{data.w[static_cast<size_t>(at * d.inputs + i)]} * x[i];
            for (int64_t i = 0; i < H; ++i)
              rec[g] +=
                  data.r[static_cast<size_t>(at * H + i)] * (g == 2 ? before : h)[static_cast<size_t>(i)];
          }
          const auto k = static_cast<size_t>(u);
          auto peephole = [&](int64_t g) {
            return data.p.empty() ? 0.0 : double{data.p[static_cast<size_t>((dir * 3 + g) * H + u)]};
          };
          if (d.cell == RnnCell::kLstm) {
            const double i = sigmoid(in[0] + rec[0] + peephole(0) * c[k]),
                         f = sigmoid(in[2] + rec[2] + peephole(2) * c[k]);
            c[k] = f * c[k] + i * std::tanh(in[3] + rec[3]);
            next[k] = sigmoid(in[1] + rec[1] + peephole(1) * c[k]) * std::tanh(c[k]);
          } else if (d.cell == RnnCell::kGru) {
            const double z = sigmoid(in[0] + rec[0]), r = sigmoid(in[1] + rec[1]);
            next[k] = (1 - z) * std::tanh(in[2] + r * rec[2]) + z * h[k];
          } else if (d.cell == RnnCell::kGruReset) {
            const double z = sigmoid(in[0] + rec[0]);
            next[k] = (1 - z) * std::tanh(in[2] + rec[2]) + z * h[k];
          } else {
            next[k] = d.cell == RnnCell::kTanh ? std::tanh(in[0] + rec[0]) : std::max(0.0, in[0] + rec[0]);
          }
        }
        h = next;
        const int64_t at = d.batch_first       ? (row * T + t) * D + dir
                           : d.directions_last ? (t * B + row) * D + dir
                                               : (t * D + dir) * B + row;
        std::copy(h.begin(), h.end(), out.y.begin() + at * H);
      }
      std::copy(h.begin(), h.end(), out.h.begin() + state);
      std::copy(c.begin(), c.end(), out.c.begin() + state);
    }
  return out;
}

void check(RnnDesc d, int threads, bool peepholes = false) {
  const int64_t H = d.hidden, G = gates_of(d.cell), D = d.directions, B = d.batch, T = d.steps;
  Data data{random_floats(T * B * d.inputs, 1),
            random_floats(D * G * H * d.inputs, 2, -0.5f, 0.5f),
            random_floats(D * G * H * H, 3, -0.3f, 0.3f),
            random_floats(D * 2 * G * H, 4),
            {},
            random_floats(D * B * H, 5),
            random_floats(D * B * H, 6),
            {}};
  if (peepholes) data.p = random_floats(D * 3 * H, 7);
  for (int64_t b = 0; b < B; ++b) data.lengths.push_back(static_cast<int32_t>((b * 5 + 3) % (T + 1)));
  const Reference want = reference(d, data);
  ThreadPool pool(threads);
  for_each_isa([&](Isa isa) {
    Rnn op;
    op.prepare(d, isa, threads);
    Guarded<float> packed(rnn_packed_floats(d, isa)), scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
    Guarded<float> y(T * D * B * H), h(D * B * H), c(D * B * H);
    pack_rnn(d, isa, {data.w.data(), data.r.data(), data.b.data(), peepholes ? data.p.data() : nullptr},
             packed.data());
    RnnOperands o{data.x.data(),  packed.data(),  d.lengths ? data.lengths.data() : nullptr,
                  data.h0.data(), data.c0.data(), y.data(),
                  h.data(),       c.data()};
    op.run(pool, o, scratch.data());
    EXPECT_LT(worst_error(y.data(), want.y), 1e-5) << isa_name(isa);
    EXPECT_LT(worst_error(h.data(), want.h), 1e-5) << isa_name(isa);
    if (d.cell == RnnCell::kLstm) {
      EXPECT_LT(worst_error(c.data(), want.c), 1e-5) << isa_name(isa);
    }
    EXPECT_TRUE(packed.intact() && scratch.intact() && y.intact() && h.intact() && c.intact());
  });
}

TEST(Rnn, EveryCell) {
  for (int threads : {1, 2, 3})
    for (RnnCell cell : {RnnCell::kLstm, RnnCell::kGru, RnnCell::kTanh, RnnCell::kRelu, RnnCell::kGruReset})
      for (int64_t directions : {1, 2}) {
        RnnDesc d{cell, 7, 3, 10, 24, directions};
        check(d, threads);
        d.hidden = 13, d.batch = 1, d.reverse = true;
        check(d, threads);
        d.batch = 20, d.directions_last = true;
        check(d, threads);
        d.batch_first = true;
        check(d, threads);
        d.lengths = true;
        check(d, threads);
      }
}

TEST(Rnn, StepsSharedByThreads) {
  check({RnnCell::kLstm, 3, 2, 4, 270, 1}, 2);
  check({RnnCell::kGru, 3, 1, 4, 310, 2}, 5);
  check({RnnCell::kGruReset, 3, 1, 4, 310, 1}, 3);
  RnnDesc d{RnnCell::kLstm, 4, 2, 4, 270, 1};
  d.lengths = true;
  check(d, 4);
}

TEST(Rnn, PeepholesAndNoSteps) {
  check({RnnCell::kLstm, 5, 2, 6, 20, 2}, 2, true);
  check({RnnCell::kLstm, 0, 2, 6, 20, 1}, 2);
}

}  // namespace
}  // namespace ingot::cpu
