#include "backends/cpu/kernels/rnn/rnn_pack.h"

#include <algorithm>

namespace ingot::cpu {

int64_t rnn_packed_floats(const RnnDesc& desc, Isa isa) { return RnnPacking(desc, isa).total; }

void pack_rnn(const RnnDesc& d, Isa isa, const RnnWeights& weights, float* packed) {
  const RnnPacking p(d, isa);
  std::fill_n(packed, p.total, 0.0f);
  const int64_t units = p.gates * d.hidden;  // rows of one direction's matrices
  for (int64_t column = 0; column < d.directions * p.blocks * p.gates * p.lanes; ++column) {
    const int64_t lane = column % p.lanes, gate = column / p.lanes % p.gates,
                  block = column / p.lanes / p.gates % p.blocks;
    const int64_t direction = column / p.lanes / p.gates / p.blocks, unit = block * p.lanes + lane;
    if (unit >= d.hidden) continue;
    const int64_t row = direction * units + gate * d.hidden + unit, vector = column / p.lanes;
    for (int64_t i = 0; i < d.inputs; ++i)
      packed[p.w + (vector * d.inputs + i) * p.lanes + lane] = weights.w[row * d.inputs + i];
    for (int64_t i = 0; i < d.hidden; ++i)
      packed[p.r + (vector * d.hidden + i) * p.lanes + lane] = weights.r[row * d.hidden + i];
    if (weights.b) {
      const float* b = weights.b + direction * 2 * units + gate * d.hidden + unit;
      const bool apart = d.cell == RnnCell::kGru && gate == 2;
      packed[p.bias + column] = apart ? b[0] : b[0] + b[units];
      if (apart) packed[p.last_bias + (direction * p.blocks + block) * p.lanes + lane] = b[units];
    }
    if (weights.p && gate < 3)
      packed[p.peepholes + ((direction * p.blocks + block) * 3 + gate) * p.lanes + lane] =
          weights.p[(direction * 3 + gate) * d.hidden + unit];
  }
}

}  // namespace ingot::cpu
