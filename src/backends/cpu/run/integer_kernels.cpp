// Products and convolutions of 8-bit integers: MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv. args:
// `quantized`: with scales; `signed_b`; `n`, `k`, or `weight_dims` and the op's attributes. B is packed, for
// each group.
#include <algorithm>
#include <cmath>

#include "backends/cpu/kernels/integer/integer_gemm.h"
#include "backends/cpu/kernels/integer/quantize.h"
#include "backends/cpu/run/kernel.h"
#include "backends/cpu/run/window2d.h"

namespace ingot::cpu {
namespace {

// Where the operands are among the inputs.
struct Slots {
  size_t b, zero_a, zero_b;
  size_t scale_a = 0, scale_b = 0, scale_y = 0, zero_y = 0, bias = 0;  // where there are scales
};
constexpr Slots kIntegers{1, 2, 3}, kQuantized{3, 2, 5, 1, 4, 6, 7, 8};

int32_t element(const TensorArg& t, int64_t i) {
  return t.dtype == DataType::kI8 ? t.as<const int8_t>()[i] : t.as<const uint8_t>()[i];
}

// What the two have in common: zero points, and the way from sums to results.
class IntegerKernel : public Kernel {
 public:
  IntegerKernel(const KernelSpec& spec, Isa isa)
      : args_(spec.args()),
        isa_(isa),
        threads_(spec.threads),
        quantized_(spec.args().get_int("quantized") != 0),
        slots_(quantized_ ? kQuantized : kIntegers) {}

 protected:
  static const TensorArg* given(const Invocation& call, size_t i) {
    return i < call.inputs.size() && call.inputs[i]->given() ? call.inputs[i] : nullptr;
  }
  Status check_sizes(std::span<const TensorArg* const> in, int64_t rows, int64_t columns, int64_t packed) {
    const auto fits = [&](size_t i, int64_t count) {
      if (i == 0 || i >= in.size() || !in[i]->given()) return true;
      const int64_t size = num_elements(in[i]->dims);
      return size == 1 || size == count;
    };
    if (!fits(slots_.zero_a, rows) || !fits(slots_.zero_b, columns) || !fits(slots_.scale_a, 1) ||
        !fits(slots_.scale_b, columns) || !fits(slots_.scale_y, 1) || !fits(slots_.zero_y, 1))
      return invalid_argument("a scale or zero point is neither one number nor one for each row or column");
    if (num_elements(in[slots_.b]->dims) != packed)
      return corrupt("packed weights of ", num_elements(in[slots_.b]->dims), " bytes, expected ", packed);
    zero_a_.resize(static_cast<size_t>(std::max<int64_t>(1, rows)));
    zero_b_.resize(static_cast<size_t>(columns));
    factors_.resize(static_cast<size_t>(columns));
    return {};
  }

  int64_t read(const Invocation& call, size_t slot, std::vector<int32_t>& to) const {
    const TensorArg* zero = given(call, slot);
    if (zero == nullptr) return 0;
    const int64_t count = num_elements(zero->dims);
    for (int64_t i = 0; i < count; ++i) to[static_cast<size_t>(i)] = element(*zero, i);
    return count;
  }
  void begin(const Invocation& call) {
    zero_a_count_ = read(call, slots_.zero_a, zero_a_);
    zero_b_count_ = read(call, slots_.zero_b, zero_b_);
    out_ = call.outputs[0]->data;
    signed_y_ = call.outputs[0]->dtype == DataType::kI8;
    if (!quantized_) return;
    const double scale = double{call.inputs[slots_.scale_a]->as<const float>()[0]};
    const double divisor = double{call.inputs[slots_.scale_y]->as<const float>()[0]};
    const TensorArg& columns = *call.inputs[slots_.scale_b];
    const bool one = num_elements(columns.dims) == 1;
    for (size_t j = 0; j < factors_.size(); ++j)
      factors_[j] = scale * columns.as<const float>()[one ? 0 : j] / divisor;
    const TensorArg* zero = given(call, slots_.zero_y);
    zero_y_ = zero == nullptr ? 0 : element(*zero, 0);
    const TensorArg* bias = given(call, slots_.bias);
    bias_ = bias == nullptr ? nullptr : bias->as<const int32_t>();
  }
  void requantize(const int32_t* sums, int64_t column, int64_t n, uint8_t* to) const {
    quantize_kernels(isa_).requantize(sums, bias_ ? bias_ + column : nullptr, factors_.data() + column, n,
                                      zero_y_, signed_y_, to);
  }

  Attrs args_;
  Isa isa_;
  int threads_;
  bool quantized_, signed_y_ = false;
  Slots slots_;
  std::vector<int32_t> zero_a_, zero_b_;
  int64_t zero_a_count_ = 0, zero_b_count_ = 0;
  std::vector<double> factors_;
  int32_t zero_y_ = 0;
  const int32_t* bias_ = nullptr;
  void* out_ = nullptr;
};

class ProductKernel final : public IntegerKernel {
 public:
  using IntegerKernel::IntegerKernel;

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    desc_.n = args_.get_int("n");
    desc_.k = args_.get_int("k");
    desc_.signed_a = in[0]->dtype == DataType::kI8;
    desc_.signed_b = args_.get_int("signed_b") != 0;
    if (in[0]->dims.empty() || in[0]->dims.back() != desc_.k)
      return invalid_argument("A of shape ", dims_to_string(in[0]->dims), " for a product over ", desc_.k);
    desc_.m = num_elements(out[0]->dims) / std::max<int64_t>(1, desc_.n);
    INGOT_RETURN_IF_ERROR(check_sizes(in, desc_.m, desc_.n, packed_integer_b_bytes(desc_.n, desc_.k, isa_)));
    gemm_.prepare(desc_, isa_, threads_);
    return {};
  }
  size_t scratch_bytes() const override { return gemm_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    begin(call);
    a_ = call.inputs[0]->as<const uint8_t>();
    gemm_.run(pool_of(call),
              {rows, finish, this, call.inputs[slots_.b]->data, zero_a_.data(), zero_b_.data(), zero_a_count_,
               zero_b_count_},
              call.scratch);
    return {};
  }

 private:
  static void rows(const void* context, int64_t first, int64_t count, uint8_t* to, int64_t stride) {
    const auto& self = *static_cast<const ProductKernel*>(context);
    for (int64_t r = 0; r < count; ++r)
      std::copy_n(self.a_ + (first + r) * self.desc_.k, self.desc_.k, to + r * stride);
  }
  static void finish(const void* context, const IntegerTile& t) {
    const auto& self = *static_cast<const ProductKernel*>(context);
    for (int64_t r = 0; r < t.rows; ++r) {
      const int64_t at = (t.row + r) * self.desc_.n + t.column;
      if (self.quantized_)
        self.requantize(t.c + r * t.ldc, t.column, t.columns, static_cast<uint8_t*>(self.out_) + at);
      else
        std::copy_n(t.c + r * t.ldc, t.columns, static_cast<int32_t*>(self.out_) + at);
    }
  }

  IntegerGemmDesc desc_;
  IntegerGemm gemm_;
  const uint8_t* a_ = nullptr;
};

// Rows of the product are the patches under the pixels of the result, columns the filters of a group.
class IntegerConvKernel final : public IntegerKernel {
 public:
  using IntegerKernel::IntegerKernel;

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Ints w = args_.get_ints("weight_dims");
    if (w.size() < 3) return corrupt("the weights have shape ", dims_to_string(w));
    INGOT_ASSIGN_OR_RETURN(window_, Window2d::make(args_, std::span(w).subspan(2), *in[0], *out[0]));
    groups_ = args_.get_int("group", 1);
    if (groups_ < 1 || w[0] % groups_ != 0 || w[1] * groups_ != window_.channels)
      return corrupt("weights of shape ", dims_to_string(w), " in ", groups_, " groups for ",
                     window_.channels, " channels");
    filters_ = w[0];
    desc_.m = window_.out_h * window_.out_w;
    desc_.n = filters_ / groups_;
    desc_.k = w[1] * window_.kernel_h * window_.kernel_w;
    desc_.signed_a = in[0]->dtype == DataType::kI8;
    desc_.signed_b = args_.get_int("signed_b") != 0;
    packed_group_ = packed_integer_b_bytes(desc_.n, desc_.k, isa_);
    INGOT_RETURN_IF_ERROR(check_sizes(in, 1, filters_, groups_ * packed_group_));
    gemm_.prepare(desc_, isa_, threads_);
    return {};
  }
  size_t scratch_bytes() const override { return gemm_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    begin(call);
    pad_ = static_cast<uint8_t>(zero_a_count_ == 0 ? 0 : zero_a_[0]);
    const int64_t plane = window_.in_h * window_.in_w, channels = window_.channels / groups_;
    for (int64_t image = 0; image < window_.batch; ++image)
      for (int64_t group = 0; group < groups_; ++group) {
        image_ = call.inputs[0]->as<const uint8_t>() + (image * groups_ + group) * channels * plane;
        first_filter_ = group * desc_.n;
        first_element_ = (image * filters_ + first_filter_) * desc_.m;
        gemm_.run(pool_of(call),
                  {rows, finish, this, call.inputs[slots_.b]->as<const uint8_t>() + group * packed_group_,
                   zero_a_.data(), zero_b_.data() + (zero_b_count_ > 1 ? first_filter_ : 0), zero_a_count_,
                   std::min<int64_t>(zero_b_count_, 2)},
                  call.scratch);
      }
    return {};
  }

 private:
  static void rows(const void* context, int64_t first, int64_t count, uint8_t* to, int64_t stride) {
    const auto& self = *static_cast<const IntegerConvKernel*>(context);
    for (int64_t r = 0; r < count; ++r) self.patch(first + r, to + r * stride);
  }
  void patch(int64_t pixel, uint8_t* to) const {
    const Window2d& w = window_;
    const int64_t top = pixel / w.out_w * w.stride_h - w.pad_top,
                  left = pixel % w.out_w * w.stride_w - w.pad_left;
    const int64_t channels = w.channels / groups_;
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t i = 0; i < w.kernel_h; ++i, to += w.kernel_w) {
        const int64_t y = top + i * w.dilation_h;
        const uint8_t* line = image_ + (c * w.in_h + y) * w.in_w;
        for (int64_t j = 0; j < w.kernel_w; ++j) {
          const int64_t x = left + j * w.dilation_w;
          to[j] = y >= 0 && y < w.in_h && x >= 0 && x < w.in_w ? line[x] : pad_;
        }
      }
  }
  static void finish(const void* context, const IntegerTile& t) {
    const auto& self = *static_cast<const IntegerConvKernel*>(context);
    uint8_t bytes[64];
    for (int64_t r = 0; r < t.rows; ++r) {
      const int32_t* sums = t.c + r * t.ldc;
      const int64_t at = self.first_element_ + t.column * self.desc_.m + t.row + r;
      if (self.quantized_) {
        self.requantize(sums, self.first_filter_ + t.column, t.columns, bytes);
        for (int64_t j = 0; j < t.columns; ++j)
          static_cast<uint8_t*>(self.out_)[at + j * self.desc_.m] = bytes[j];
      } else {
        for (int64_t j = 0; j < t.columns; ++j)
          static_cast<int32_t*>(self.out_)[at + j * self.desc_.m] = sums[j];
      }
    }
  }

  Window2d window_;
  int64_t groups_ = 1, filters_ = 1, packed_group_ = 0;
  IntegerGemmDesc desc_;
  IntegerGemm gemm_;
  // Of the image and group at work.
  const uint8_t* image_ = nullptr;
  int64_t first_filter_ = 0, first_element_ = 0;
  uint8_t pad_ = 0;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_integer_product_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<ProductKernel>(spec, isa));
}

Result<std::unique_ptr<Kernel>> make_integer_conv_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<IntegerConvKernel>(spec, isa));
}

}  // namespace ingot::cpu
