// Runs ONNX's node test cases through import, inference and the interpreter. Cases that cannot pass are
// listed with a reason in excluded.txt: one that passes all the same is an error there, as one that fails is
// here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "frontend/onnx/onnx_import.h"
#include "frontend/onnx/tensor_reader.h"
#include "ir/infer.h"
#include "ir/interpreter.h"
#include "ops/wide.h"

namespace ingot {
namespace {

namespace fs = std::filesystem;

// "pattern  reason" lines; a pattern may end in '*'.
struct Exclusion {
  std::string pattern, reason;
  bool matches(const std::string& name) const {
    if (!pattern.ends_with('*')) return name == pattern;
    return name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  }
};

const std::vector<Exclusion>& exclusions() {
  static const std::vector<Exclusion> list = [] {
    std::vector<Exclusion> out;
    std::ifstream in(INGOT_SOURCE_DIR "/tests/conformance/excluded.txt");
    for (std::string line; std::getline(in, line);) {
      const size_t space = line.find(' ');
      if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
      out.push_back({line.substr(0, space), line.substr(line.find_first_not_of(' ', space))});
    }
    return out;
  }();
  return list;
}

const Exclusion* find_exclusion(const std::string& name) {
  for (const Exclusion& e : exclusions())
    if (e.matches(name)) return &e;
  return nullptr;
}

Result<Tensor> read_tensor(const fs::path& path) {
  INGOT_ASSIGN_OR_RETURN(const auto file, MappedFile::open(path.string()));
  const onnx_import::Text bytes(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  INGOT_ASSIGN_OR_RETURN(const onnx_import::TensorProto proto, onnx_import::parse_tensor(bytes));
  return onnx_import::TensorReader({bytes, nullptr, nullptr}, "").read(proto);
}

// input_0.pb, input_1.pb... in order.
Result<std::vector<Tensor>> read_tensors(const fs::path& folder, const char* kind) {
  std::vector<Tensor> tensors;
  for (int i = 0;; ++i) {
    const fs::path path = folder / (std::string(kind) + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) return tensors;
    INGOT_ASSIGN_OR_RETURN(Tensor t, read_tensor(path));
    tensors.push_back(std::move(t));
  }
}

// |got - expected| <= atol + rtol * |expected|, the tolerances of ONNX's own runner; 16-bit results may
// differ by the rounding of one step.
Status compare(const Tensor& got, const Tensor& expected) {
  if (got.dtype() != expected.dtype() || got.dims() != expected.dims())
    return invalid_argument("got ", got.view().type_string(), ", expected ", expected.view().type_string());
  const bool narrow = is_float(got.dtype()) && bit_width(got.dtype()) <= 16;
  const double rtol = !is_float(got.dtype())           ? 0
                      : got.dtype() == DataType::kBF16 ? 0.01
                      : narrow                         ? 0.002
                                                       : 1e-3;
  const double atol = !is_float(got.dtype()) ? 0 : narrow ? 1e-3 : 1e-6;
  const auto a = ops::load_all<double>(got.view()), b = ops::load_all<double>(expected.view());
  for (size_t i = 0; i < a.size(); ++i) {
    const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    if (!same && !(std::abs(a[i] - b[i]) <= atol + rtol * std::abs(b[i])))
      return invalid_argument("element ", i, " is ", a[i], ", expected ", b[i]);
  }
  return {};
}

// What inference says of the outputs holds for the values.
Status check_inferred(const TensorType& inferred, const Tensor& got) {
  bool fits = inferred.dtype == got.dtype();
  if (inferred.ranked) {
    fits = fits && inferred.rank() == got.rank();
    for (int d = 0; fits && d < got.rank(); ++d) {
      const Dim& dim = inferred.shape[static_cast<size_t>(d)];
      fits = !dim.is_const() || dim.value() == got.dims()[static_cast<size_t>(d)];
    }
  }
  if (fits) return {};
  return internal_error("inferred ", inferred.to_string(), ", evaluated ", got.view().type_string());
}

Status run_data_set(const Graph& graph, const fs::path& folder) {
  INGOT_ASSIGN_OR_RETURN(const auto inputs, read_tensors(folder, "input"));
  INGOT_ASSIGN_OR_RETURN(const auto expected, read_tensors(folder, "output"));
  INGOT_ASSIGN_OR_RETURN(const auto got, interpret(graph, inputs));
  if (got.size() != expected.size())
    return internal_error(got.size(), " outputs, expected ", expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    INGOT_RETURN_IF_ERROR(check_inferred(graph.outputs()[i]->type(), got[i]).with_context(str("output ", i)));
    INGOT_RETURN_IF_ERROR(compare(got[i], expected[i]).with_context(str("output ", i)));
  }
  return {};
}

Status run_case(const fs::path& folder) {
  INGOT_ASSIGN_OR_RETURN(const auto graph, import_onnx_file((folder / "model.onnx").string()));
  INGOT_RETURN_IF_ERROR(infer(*graph));
  INGOT_RETURN_IF_ERROR(verify(*graph));
  int sets = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    INGOT_RETURN_IF_ERROR(run_data_set(*graph, entry.path()));
    ++sets;
  }
  if (sets == 0) return not_found("no test data in ", folder.string());
  return {};
}

std::vector<std::string> find_cases() {
  std::vector<std::string> names;
  if (fs::exists(INGOT_CASES))
    for (const auto& entry : fs::directory_iterator(INGOT_CASES))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

struct Totals : testing::Environment {
  int passed = 0, excluded = 0;
  void TearDown() override { std::cout << passed << " cases passed, " << excluded << " are excluded\n"; }
};
Totals* const totals = static_cast<Totals*>(testing::AddGlobalTestEnvironment(new Totals));

class OnnxNode : public testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OnnxNode);

TEST_P(OnnxNode, Conforms) {
  const Status status = run_case(fs::path(INGOT_CASES) / GetParam());
  if (const Exclusion* e = find_exclusion(GetParam())) {
    EXPECT_FALSE(status.ok()) << "excluded (" << e->reason << "), but it passes: take it off the list";
    ++totals->excluded;
  } else {
    EXPECT_TRUE(status.ok()) << status.to_string();
    totals->passed += status.ok();
  }
}

INSTANTIATE_TEST_SUITE_P(All, OnnxNode, testing::ValuesIn(find_cases()),
                         [](const auto& info) { return info.param; });

TEST(OnnxNodes, Present) {
  if (find_cases().empty()) GTEST_SKIP() << "ONNX's node cases are not at " << INGOT_CASES;
  for (const Exclusion& e : exclusions()) {
    const auto names = find_cases();
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [&](const auto& n) { return e.matches(n); }))
        << "excluded.txt names no case with '" << e.pattern << "'";
  }
}

}  // namespace
}  // namespace ingot
