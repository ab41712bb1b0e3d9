// Where the parts of packed recurrent weights lie.
#pragma once

#include "backends/cpu/kernels/rnn/rnn.h"

namespace ingot::cpu {

inline int64_t rnn_gates(RnnCell cell) {
  return cell == RnnCell::kLstm ? 4 : cell == RnnCell::kGru || cell == RnnCell::kGruReset ? 3 : 1;
}

/// Units come in blocks of a vector's lanes; a block has all its gates together. Parts, in floats from the
/// start:
struct RnnPacking {
  int64_t lanes, gates, blocks;
  int64_t w;          // as packed B of a matrix product, columns [direction][block][gate][lane]
  int64_t bias;       // [direction][block][gate][lane], both biases together
  int64_t r;          // [direction][block][gate][hidden][lane]
  int64_t last_bias;  // [direction][block][lane]: GRU's recurrent bias of the last gate, which is added
                      // inside the formula
  int64_t peepholes;  // [direction][block][3][lane]
  int64_t total;

  RnnPacking(const RnnDesc& d, Isa isa)
      : lanes(block_of(isa)), gates(rnn_gates(d.cell)), blocks((d.hidden + lanes - 1) / lanes) {
    const int64_t columns = d.directions * blocks * gates * lanes;
    int64_t at = 0;
    auto take = [&](int64_t floats) {
      const int64_t here = at;
      at += (floats + 15) / 16 * 16;
      return here;
    };
    w = take(columns * d.inputs);
    bias = take(columns);
    r = take(columns * d.hidden);
    last_bias = take(d.directions * blocks * lanes);
    peepholes = take(d.directions * blocks * 3 * lanes);
    total = at;
  }
};

}  // namespace ingot::cpu
