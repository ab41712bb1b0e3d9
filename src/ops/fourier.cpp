// DFT: https://onnx.ai/onnx/operators/onnx__DFT.html (version 20) and STFT:
// https://onnx.ai/onnx/operators/onnx__STFT.html (version 17). The last dim of a signal is 1 (real) or 2
// (real and imaginary parts).
#include <cmath>
#include <complex>
#include <numbers>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

using Complex = std::complex<double>;
using Signal = std::vector<Complex>;

// Sums of the even and odd elements, as long as the length can be halved (Cooley and Tukey, 1965).
Signal transform(const Signal& x, double sign) {
  const size_t n = x.size();
  Signal y(n);
  auto turn = [&](size_t k) {
    return std::polar(1.0, sign * 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n));
  };
  if (n % 2 == 0 && n > 0) {
    Signal even(n / 2), odd(n / 2);
    for (size_t i = 0; i < n / 2; ++i) even[i] = x[2 * i], odd[i] = x[2 * i + 1];
    even = transform(even, sign);
    odd = transform(odd, sign);
    for (size_t k = 0; k < n; ++k) y[k] = even[k % (n / 2)] + turn(k) * odd[k % (n / 2)];
    return y;
  }
  for (size_t k = 0; k < n; ++k)
    for (size_t i = 0; i < n; ++i) y[k] += x[i] * turn(k * i % n);
  return y;
}

struct Options {
  int64_t inverse, onesided;
  explicit Options(const Attrs& a) : inverse(a.get_int("inverse")), onesided(a.get_int("onesided")) {}
  bool real_result() const { return inverse != 0 && onesided != 0; }
};

Status check_signal(const InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  if (c.type(0).ranked && c.shape(0).size() < 2)
    return invalid_argument("the signal has shape ", to_string(c.shape(0)), ", expected at least 2 dims");
  if (c.type(0).ranked && c.shape(0).back().is_const() && !c.shape(0).back().is(1) &&
      !c.shape(0).back().is(2))
    return invalid_argument("the signal's last dim is ", c.shape(0).back().to_string(), ", expected 1 or 2");
  return {};
}

Status infer_dft(InferContext& c) {
  INGOT_RETURN_IF_ERROR(check_signal(c));
  for (size_t i = 1; i < 3; ++i) {
    INGOT_RETURN_IF_ERROR(expect_type(c, i, kIndices));
    INGOT_RETURN_IF_ERROR(expect_scalar(c, i));
  }
  const std::optional<int64_t> given = c.has(2) ? known_int(c, 2) : std::optional<int64_t>(-2);
  if (!c.type(0).ranked || !given) {
    c.set_unranked(0, c.type(0).dtype);
    return {};
  }
  Shape y = c.shape(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(*given, static_cast<int>(y.size())));
  const auto at = static_cast<size_t>(axis);
  if (at + 1 == y.size()) return invalid_argument("axis ", *given, " is the one of real and imaginary parts");
  const Options options(c.attrs);
  Dim length = options.real_result() ? (y[at] - 1) * 2 : y[at];
  if (c.has(1)) {
    const auto contents = contents_of(c, 1);
    length = contents && contents->size() == 1 ? (*contents)[0] : c.fresh_dim();
  }
  y[at] = options.onesided != 0 && options.inverse == 0 ? floor_div(length, 2) + 1 : length;
  y.back() = options.real_result() ? 1 : 2;
  INGOT_RETURN_IF_ERROR(check_dims(y));
  c.set(0, c.type(0).dtype, std::move(y));
  return {};
}

Status eval_dft(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_dft));
  const Options options(c.attrs);
  const int64_t given = c.has(2) ? load_all<int64_t>(c.input(2))[0] : -2;
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(given, x.rank()));
  const auto at = static_cast<size_t>(axis);
  const int64_t parts = x.dims.back(), in_length = x.dims[at], out_length = y.dims[at],
                out_parts = y.dims.back();
  int64_t length = options.real_result() ? 2 * (in_length - 1) : in_length;
  if (c.has(1)) length = load_all<int64_t>(c.input(1))[0];
  int64_t outer = 1, inner = 1;
  for (size_t d = 0; d < at; ++d) outer *= x.dims[d];
  for (size_t d = at + 1; d + 1 < x.dims.size(); ++d) inner *= x.dims[d];

  const std::vector<double> source = load_all<double>(x);
  std::vector<double> result(static_cast<size_t>(y.size()));
  Signal line(static_cast<size_t>(length));
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      std::fill(line.begin(), line.end(), Complex());
      for (int64_t k = 0; k < std::min(in_length, length); ++k) {
        const double* p = source.data() + ((o * in_length + k) * inner + i) * parts;
        line[static_cast<size_t>(k)] = {p[0], parts == 2 ? p[1] : 0};
      }
      if (options.real_result())  // the other half is the mirror image
        for (int64_t k = length / 2 + 1; k < length; ++k)
          line[static_cast<size_t>(k)] = std::conj(line[static_cast<size_t>(length - k)]);
      const Signal out = transform(line, options.inverse != 0 ? 1 : -1);
      const double scale = options.inverse != 0 ? 1 / static_cast<double>(length) : 1;
      for (int64_t k = 0; k < out_length; ++k) {
        double* p = result.data() + ((o * out_length + k) * inner + i) * out_parts;
        p[0] = out[static_cast<size_t>(k)].real() * scale;
        if (out_parts == 2) p[1] = out[static_cast<size_t>(k)].imag() * scale;
      }
    }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

// [batch, length, parts], frame_step, window, frame_length -> [batch, frames, bins, 2]
Status infer_stft(InferContext& c) {
  INGOT_RETURN_IF_ERROR(check_signal(c));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, 3));
  for (size_t i : {1, 3}) {
    INGOT_RETURN_IF_ERROR(expect_type(c, i, kIndices));
    INGOT_RETURN_IF_ERROR(expect_scalar(c, i));
  }
  INGOT_RETURN_IF_ERROR(expect_rank(c, 2, 1, 1));
  const auto step = known_int(c, 1);
  if (step && *step <= 0) return invalid_argument("frame_step is ", *step, ", expected a positive number");
  if (!c.has(2) && !c.has(3)) return invalid_argument("neither a window nor a frame length is given");
  std::optional<int64_t> frame = c.has(3) ? known_int(c, 3) : std::nullopt;
  if (c.has(2) && c.type(2).ranked && c.shape(2).size() == 1 && c.shape(2)[0].is_const()) {
    if (frame && *frame != c.shape(2)[0].value())
      return invalid_argument("the window has ", c.shape(2)[0].to_string(), " elements, frame_length is ",
                              *frame);
    frame = c.shape(2)[0].value();
  }
  const bool onesided = c.attrs.get_int("onesided", 1) != 0;
  const Dim batch = c.type(0).ranked ? c.shape(0)[0] : c.fresh_dim();
  const Dim bins = frame ? Dim(onesided ? *frame / 2 + 1 : *frame) : c.fresh_dim();
  Dim frames =
      c.type(0).ranked && step && frame ? floor_div(c.shape(0)[1] - *frame, *step) + 1 : c.fresh_dim();
  c.set(0, c.type(0).dtype, {batch, frames, bins, 2});
  return {};
}

Status eval_stft(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_stft));
  const int64_t step = load_all<int64_t>(c.input(1))[0], parts = x.dims[2], length = x.dims[1];
  std::vector<double> window;
  if (c.has(2)) window = load_all<double>(c.input(2));
  const int64_t frame = c.has(3) ? load_all<int64_t>(c.input(3))[0] : static_cast<int64_t>(window.size());
  if (frame <= 0 || frame > length)
    return invalid_argument("frames of ", frame, " elements do not fit a signal of ", length);
  const std::vector<double> source = load_all<double>(x);
  std::vector<double> result(static_cast<size_t>(y.size()));
  Signal line(static_cast<size_t>(frame));
  double* to = result.data();
  for (int64_t b = 0; b < y.dims[0]; ++b) {
    for (int64_t f = 0; f < y.dims[1]; ++f) {
      for (int64_t i = 0; i < frame; ++i) {
        const double* p = source.data() + (b * length + f * step + i) * parts;
        const double weight = window.empty() ? 1 : window[static_cast<size_t>(i)];
        line[static_cast<size_t>(i)] = Complex(p[0], parts == 2 ? p[1] : 0) * weight;
      }
      const Signal out = transform(line, -1);
      for (int64_t k = 0; k < y.dims[2]; ++k, to += 2) {
        to[0] = out[static_cast<size_t>(k)].real();
        to[1] = out[static_cast<size_t>(k)].imag();
      }
    }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_DFT() {
  static const OpDef op{"DFT",
                        1,
                        3,
                        1,
                        1,
                        {optional<int64_t>("inverse", 0), optional<int64_t>("onesided", 0)},
                        ops::infer_dft,
                        ops::eval_dft,
                        nullptr};
  return op;
}

const OpDef& op_STFT() {
  static const OpDef op{"STFT",         2,      4, 1, 1, {optional<int64_t>("onesided", 1)}, ops::infer_stft,
                        ops::eval_stft, nullptr};
  return op;
}

std::vector<OpCase> cases_DFT() {
  using namespace ops;
  return {{"real", {}, {random_input({2, 12, 1})}},
          {"complex", {}, {random_input({2, 7, 2})}},
          {"inverse", {{"inverse", int64_t{1}}}, {random_input({1, 10, 2})}},
          {"half", {{"onesided", int64_t{1}}}, {random_input({1, 9, 1})}},
          {"axis_and_length", {}, {random_input({2, 6, 3, 1}), int_input(8), int_input(1)}},
          {"real_result", {{"onesided", int64_t{1}}, {"inverse", int64_t{1}}}, {random_input({1, 5, 2})}}};
}

std::vector<OpCase> cases_STFT() {
  using namespace ops;
  return {{"window", {}, {random_input({2, 40, 1}), int_input(6), random_input({16})}},
          {"frame_length",
           {{"onesided", int64_t{0}}},
           {random_input({1, 30, 2}), int_input(5), absent_input(), int_input(12)}}};
}

}  // namespace ingot
