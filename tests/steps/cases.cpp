#include "cases.h"

#include <limits>

#include "ops/common.h"

namespace ingot {
namespace {

using ops::constant_input;
using ops::float_input;
using ops::int_input;
using ops::ints_input;
using ops::random_input;

CaseInput indices(Dims dims, double lo, double hi, DataType type = DataType::kI64) {
  return random_input(std::move(dims), lo, hi, type);
}

void add_indexing(std::vector<StepCase>& out) {
  for (int64_t axis : {0, 1, 2})
    out.push_back({"GatherElements",
                   {"odd", {{"axis", axis}}, {random_input({7, 9, 11}), indices({5, 7, 11}, -7, 6)}}});
  out.push_back({"GatherElements",
                 {"int32",
                  {{"axis", int64_t{1}}},
                  {random_input({3, 65}), indices({3, 129}, -65, 64, DataType::kI32)}}});
  out.push_back({"GatherND", {"large", {}, {random_input({33, 7, 129}), indices({200, 2}, -7, 6)}}});
  out.push_back({"GatherND",
                 {"batches",
                  {{"batch_dims", int64_t{2}}},
                  {random_input({2, 3, 5, 9}), indices({2, 3, 4, 1}, -5, 4)}}});
  for (const char* how : {"none", "add", "mul", "max", "min"}) {
    const Attrs reduction{{"reduction", std::string(how)}};
    out.push_back({"ScatterND",
                   {how, reduction, {random_input({9, 33}), indices({5, 1}, -9, 8), random_input({5, 33})}}});
    out.push_back({"ScatterElements",
                   {how,
                    {{"axis", int64_t{0}}, {"reduction", std::string(how)}},
                    {random_input({9, 17}), indices({5, 17}, -9, 8), random_input({5, 17})}}});
  }
  out.push_back({"Gather", {"rows", {}, {random_input({13, 1000}), indices({3, 5}, -13, 12)}}});
}

void add_selection(std::vector<StepCase>& out) {
  out.push_back({"TopK", {"many", {}, {random_input({3, 3001}), ints_input({300})}, 2}});
  out.push_back({"TopK",
                 {"middle",
                  {{"axis", int64_t{1}}, {"largest", int64_t{0}}},
                  {random_input({2, 65, 33}), ints_input({5})},
                  2}});
  out.push_back({"NonZero", {"large", {}, {random_input({7, 33, 65}, 0, 1)}}});
  out.push_back({"NonMaxSuppression",
                 {"many",
                  {},
                  {random_input({2, 2000, 4}, 0, 100), random_input({2, 3, 2000}, 0, 1), int_input(50),
                   float_input(0.4f)}}});
  out.push_back({"NonMaxSuppression",
                 {"no_limit",
                  {},
                  {random_input({1, 300, 4}, 0, 100), random_input({1, 2, 300}, 0, 1),
                   int_input(std::numeric_limits<int64_t>::max()), float_input(0.6f)}}});
}

CaseInput bytes(Dims dims, DataType type) {
  return random_input(std::move(dims), type == DataType::kU8 ? 0 : -128, type == DataType::kU8 ? 255 : 127,
                      type);
}

void add_integers(std::vector<StepCase>& out) {
  constexpr DataType kU8 = DataType::kU8, kI8 = DataType::kI8;
  const auto scale = [](Dims dims, double value) { return random_input(std::move(dims), value, 2 * value); };
  const int64_t two = 2, one = 1;
  for (DataType a : {kU8, kI8})
    for (DataType b : {kU8, kI8}) {
      out.push_back(
          {"MatMulInteger",
           {"large", {}, {bytes({3, 41, 129}, a), bytes({129, 75}, b), bytes({}, a), bytes({75}, b)}}});
      out.push_back(
          {"QLinearConv",
           {"grouped",
            {{"group", two}, {"pads", Ints{1, 2, 0, 1}}, {"strides", Ints{2, 1}}, {"dilations", Ints{1, 2}}},
            {bytes({2, 6, 11, 13}, a), scale({}, 0.01), bytes({}, a), bytes({50, 3, 3, 3}, b),
             scale({50}, 0.01), bytes({50}, b), scale({}, 0.05), bytes({}, a),
             random_input({50}, -500, 500, DataType::kI32)}}});
    }
  out.push_back({"MatMulInteger", {"row", {}, {bytes({130}, kU8), bytes({130, 33}, kI8)}}});
  out.push_back({"ConvInteger",
                 {"depthwise",
                  {{"group", int64_t{5}}, {"pads", Ints{1, 1, 1, 1}}},
                  {bytes({1, 5, 9, 8}, kU8), bytes({5, 1, 3, 3}, kI8), bytes({}, kU8), bytes({5}, kI8)}}});
  out.push_back(
      {"ConvInteger",
       {"one_dim", {{"pads", Ints{2, 2}}}, {bytes({2, 3, 40}, kI8), bytes({7, 3, 5}, kI8), bytes({}, kI8)}}});
  for (DataType type : {kU8, kI8}) {
    out.push_back({"QuantizeLinear",
                   {"per_axis",
                    {{"axis", one}},
                    {random_input({3, 5, 1001}, -4, 4), scale({5}, 0.02), bytes({5}, type)}}});
    out.push_back(
        {"DequantizeLinear",
         {"per_axis", {{"axis", -two}}, {bytes({3, 5, 1001}, type), scale({5}, 0.02), bytes({5}, type)}}});
  }
  out.push_back({"DequantizeLinear",
                 {"sums", {}, {random_input({7, 999}, -1e6, 1e6, DataType::kI32), scale({}, 0.02)}}});
  out.push_back({"DynamicQuantizeLinear", {"large", {}, {random_input({3, 7001}, -3, 9)}, 3}});
}

}  // namespace

std::vector<StepCase> more_step_cases() {
  std::vector<StepCase> out;
  add_integers(out);
  add_indexing(out);
  add_selection(out);
  return out;
}

}  // namespace ingot
