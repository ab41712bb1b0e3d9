#include "cases.h"

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
}

}  // namespace

std::vector<StepCase> more_step_cases() {
  std::vector<StepCase> out;
  add_indexing(out);
  add_selection(out);
  return out;
}

}  // namespace ingot
