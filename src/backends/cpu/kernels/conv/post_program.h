// A pointwise program as what a convolution calls on its finished tiles.
#pragma once

#include "backends/cpu/kernels/conv/conv.h"
#include "backends/cpu/kernels/pointwise/tile_post.h"

namespace ingot::cpu {

struct ProgramPost {
  PostCall program;
  const float* dst;  // of the whole result
  int64_t lanes;

  /// Valid as long as this object.
  ConvPost call() const { return program.program != nullptr ? ConvPost{run, this} : ConvPost{}; }

 private:
  static void run(const void* context, const ConvTile& tile) {
    const auto& post = *static_cast<const ProgramPost*>(context);
    for (int64_t v = 0; v < tile.vecs; ++v) {
      float* c = tile.c + v * tile.c_vec;
      post.program(c, c - post.dst, tile.channel + v * post.lanes, tile.pixels, post.lanes, post.lanes);
    }
  }
};

}  // namespace ingot::cpu
