// Col2Im: sums sliding blocks back into images, https://onnx.ai/onnx/operators/onnx__Col2Im.html (version
// 18), 1 to 3 spatial dimensions.
#include "ops/common.h"
#include "ops/wide.h"
#include "ops/window.h"

namespace ingot::ops {
namespace {

struct Col2ImProblem {
  Dims image, blocks;  // spatial sizes of the image; number of blocks along each
  Window window;

  static Result<Col2ImProblem> make(const Attrs& attrs, const Ints& image, const Ints& block) {
    if (image.empty() || image.size() > 3 || block.size() != image.size())
      return invalid_argument("image_shape has ", image.size(), " values and block_shape ", block.size(),
                              ", expected 1 to 3 of both");
    for (int64_t size : image)
      if (size < 1 || size > (int64_t{1} << 40))
        return invalid_argument("image_shape is ", dims_to_string(image), ", expected sizes of at least 1");
    Col2ImProblem p;
    INGOT_ASSIGN_OR_RETURN(p.window, Window::read(attrs, static_cast<int>(image.size())));
    INGOT_RETURN_IF_ERROR(p.window.set_kernel(block));
    INGOT_ASSIGN_OR_RETURN(p.blocks, p.window.resolve(image));
    p.image = image;
    return p;
  }
};

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  for (size_t i = 1; i < 3; ++i) {
    INGOT_RETURN_IF_ERROR(expect_type(c, i, type_set({DataType::kI64})));
    INGOT_RETURN_IF_ERROR(expect_rank(c, i, 1, 1));
  }
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, 3));
  const auto image = known_ints(c, 1), block = known_ints(c, 2);
  if (!c.type(0).ranked || !image || !block) {
    c.set_unranked(0, c.type(0).dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const Col2ImProblem p, Col2ImProblem::make(c.attrs, *image, *block));
  const Shape& x = c.shape(0);
  int64_t taps = 1;
  for (int64_t k : *block)
    if (__builtin_mul_overflow(taps, k, &taps))
      return invalid_argument("block_shape is ", dims_to_string(*block));
  if (x[1].is_const() && x[1].value() % taps != 0)
    return invalid_argument("input 0 has shape ", to_string(x), ", expected a multiple of ", taps, " rows");
  INGOT_RETURN_IF_ERROR(checked_bytes(DataType::kF64, p.blocks).status());
  if (x[2].is_const() && x[2].value() != num_elements(p.blocks))
    return invalid_argument("input 0 has shape ", to_string(x), ", expected ", num_elements(p.blocks),
                            " columns");
  Shape y = {x[0], floor_div(x[1], taps)};
  for (int64_t size : *image) y.push_back(size);
  c.set(0, c.type(0).dtype, std::move(y));
  return {};
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(Col2ImProblem p,
                         Col2ImProblem::make(c.attrs, to_int64s(c.input(1)), to_int64s(c.input(2))));
  const Window window = p.window.as_3d();
  const Dims image = spatial_3d(p.image, 0), blocks = spatial_3d(p.blocks, 0);
  const auto& w = window.axes;
  const std::vector<double> source = load_all<double>(c.input(0));
  std::vector<double> result(static_cast<size_t>(y.size()));
  const double* from = source.data();
  for (int64_t plane = 0; plane < y.dims[0] * y.dims[1]; ++plane) {
    double* to = result.data() + plane * num_elements(image);
    for (int64_t kz = 0; kz < w[0].kernel; ++kz)
      for (int64_t ky = 0; ky < w[1].kernel; ++ky)
        for (int64_t kx = 0; kx < w[2].kernel; ++kx)
          for (int64_t bz = 0; bz < blocks[0]; ++bz)
            for (int64_t by = 0; by < blocks[1]; ++by)
              for (int64_t bx = 0; bx < blocks[2]; ++bx, ++from) {
                const int64_t z = bz * w[0].stride + kz * w[0].dilation - w[0].pad_begin,
                              row = by * w[1].stride + ky * w[1].dilation - w[1].pad_begin,
                              x = bx * w[2].stride + kx * w[2].dilation - w[2].pad_begin;
                if (z >= 0 && z < image[0] && row >= 0 && row < image[1] && x >= 0 && x < image[2])
                  to[(z * image[1] + row) * image[2] + x] += *from;
              }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  return {{"tiles", {}, {random_input({1, 5, 5}), ints_input({5, 5}), ints_input({1, 5})}},
          {"overlapping",
           {{"strides", Ints{2, 2}}, {"pads", Ints{1, 0, 1, 0}}},
           {random_input({2, 18, 6}), ints_input({5, 5}), ints_input({3, 3})}},
          {"dilated",
           {{"dilations", Ints{1, 5}}},
           {random_input({1, 4, 5}), ints_input({6, 6}), ints_input({2, 2})}},
          {"volume", {}, {random_input({1, 10, 12}), ints_input({3, 4, 5}), ints_input({1, 1, 5})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Col2Im() {
  static const OpDef op{
      "Col2Im",
      3,
      3,
      1,
      1,
      {optional<Ints>("dilations", {}), optional<Ints>("pads", {}), optional<Ints>("strides", {})},
      ops::infer,
      ops::eval,
      nullptr};
  return op;
}

std::vector<OpCase> cases_Col2Im() { return ops::cases(); }

}  // namespace ingot
