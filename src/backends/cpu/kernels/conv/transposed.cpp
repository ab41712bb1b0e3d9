#include "backends/cpu/kernels/conv/transposed.h"

namespace ingot::cpu {

// Output y = phase + stride * j reads source i = (y + pad - k * dilation) / stride for the taps k that divide
// evenly. Their k's are `step` apart and their i's, falling with k, `dilation` apart: reversed, a
// convolution.
TransposedConv::AxisTaps TransposedConv::axis_taps(const ConvDesc& d, int axis, int64_t phase) {
  const int64_t stride = d.stride[axis], shift = phase + d.pad_begin[axis];
  AxisTaps taps{};
  for (int64_t k = 0; k < d.kernel[axis]; ++k) {
    if ((shift - k * d.dilation[axis]) % stride != 0) continue;
    if (taps.count == 0) taps.first = k;
    if (taps.count == 1) taps.step = k - taps.first;
    ++taps.count;
  }
  taps.dilation = taps.count > 1 ? taps.step * d.dilation[axis] / stride : 1;
  const int64_t last = taps.first + (taps.count > 0 ? taps.count - 1 : 0) * taps.step;
  taps.pad = taps.count > 0 ? -(shift - last * d.dilation[axis]) / stride : 0;
  return taps;
}

TransposedConv::TransposedConv(const TransposedConvDesc& desc, Isa isa, int threads) : desc_(desc.conv) {
  for (int64_t y = 0; y < std::min(desc_.stride[0], desc.out[0]); ++y) {
    for (int64_t x = 0; x < std::min(desc_.stride[1], desc.out[1]); ++x) {
      const int64_t first[2] = {y, x};
      const AxisTaps taps[2] = {axis_taps(desc_, 0, y), axis_taps(desc_, 1, x)};
      ConvDesc d = desc_;
      for (int axis : {0, 1}) {
        d.kernel[axis] =
            std::max<int64_t>(1, taps[axis].count);  // a phase that no tap reaches has one of zeros
        d.stride[axis] = 1;
        d.dilation[axis] = taps[axis].dilation;
        d.pad_begin[axis] = taps[axis].pad;
        const int64_t count = divide_up(desc.out[axis] - first[axis], desc_.stride[axis]);
        d.pad_end[axis] =
            count - 1 + d.dilation[axis] * (d.kernel[axis] - 1) + 1 - d.in[axis] - d.pad_begin[axis];
        d.dst_size[axis] = desc.out[axis];
        d.dst_step[axis] = desc_.stride[axis];
        d.dst_first[axis] = first[axis];
      }
      phases_.push_back(
          {DirectConv(d, isa, {}, threads), ConvWeights(d, isa), {taps[0], taps[1]}, weight_floats_});
      weight_floats_ += phases_.back().weights.floats();
    }
  }
}

void TransposedConv::pack(const float* weights, float* packed) const {
  const int64_t in = desc_.in_channels / desc_.groups, out = desc_.out_channels / desc_.groups;
  for (const Phase& phase : phases_) {
    const AxisTaps &ty = phase.taps[0], &tx = phase.taps[1];
    const int64_t h = std::max<int64_t>(1, ty.count), w = std::max<int64_t>(1, tx.count);
    std::vector<float> part(static_cast<size_t>(desc_.out_channels * in * h * w));
    for (int64_t o = 0; o < desc_.out_channels; ++o) {
      for (int64_t i = 0; i < in; ++i) {
        const float* from =
            weights + ((o / out * in + i) * out + o % out) * desc_.kernel[0] * desc_.kernel[1];
        for (int64_t y = 0; y < ty.count; ++y)
          for (int64_t x = 0; x < tx.count; ++x)
            part[((o * in + i) * h + ty.count - 1 - y) * w + tx.count - 1 - x] =
                from[(ty.first + y * ty.step) * desc_.kernel[1] + tx.first + x * tx.step];
      }
    }
    phase.weights.pack(part.data(), packed + phase.offset);
  }
}

void TransposedConv::run(ThreadPool& pool, const ConvBuffers& buffers) const {
  for (const Phase& phase : phases_) {
    ConvBuffers part = buffers;
    part.weights += phase.offset;
    phase.conv.run(pool, part);
  }
}

}  // namespace ingot::cpu
