// testdata/<pass>/*.ir: each file holds one or more cases, "graph" and "---" and the graph that the pass
// makes of it, cases separated by "===". Both graphs also have to compute the same.
//
// INGOT_UPDATE=1 rewrites the expectations (to be read before they are committed).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ir/infer.h"
#include "ir/text.h"
#include "passes/pass.h"
#include "passes/pass_testing.h"

namespace ingot {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> case_files() {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(INGOT_SOURCE_DIR) / "src/passes/testdata"))
    if (entry.path().extension() == ".ir") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> split(const std::string& text, const std::string& line) {
  std::vector<std::string> parts(1);
  std::istringstream lines(text);
  for (std::string l; std::getline(lines, l);) {
    if (l == line)
      parts.emplace_back();
    else
      parts.back() += l + "\n";
  }
  return parts;
}

// A pass is followed by remove_dead_code, as in the pipeline, so that expectations show no left-overs.
Status apply(const Pass& pass, Graph& graph) {
  for (const auto& node : graph.nodes())
    for (const auto& [name, body] : node->subgraphs()) INGOT_RETURN_IF_ERROR(pass.run(*body));
  INGOT_RETURN_IF_ERROR(pass.run(graph));
  INGOT_RETURN_IF_ERROR(infer(graph));
  INGOT_RETURN_IF_ERROR(verify(graph));
  INGOT_RETURN_IF_ERROR(passes::remove_dead_code(graph));
  return infer(graph);
}

class PassCases : public testing::TestWithParam<fs::path> {};

TEST_P(PassCases, GraphIsAsExpectedAndComputesTheSame) {
  const Pass* pass = find_pass(GetParam().parent_path().filename().string());
  ASSERT_NE(pass, nullptr) << GetParam();
  std::string updated;
  for (const std::string& text : split(read(GetParam()), "===")) {
    const auto parts = split(text, "---");
    const auto before = parse_graph(parts[0]);
    ASSERT_TRUE(before.ok()) << before.status().to_string() << "\n" << parts[0];
    auto after = (*before)->clone();
    const Status status = apply(*pass, *after);
    ASSERT_TRUE(status.ok()) << status.to_string();
    for (uint64_t seed = 1; seed <= 3; ++seed) EXPECT_EQ(difference(**before, *after, seed), "") << parts[0];

    const std::string got = print(*after);
    updated += (updated.empty() ? "" : "===\n") + parts[0] + "---\n" + got;
    if (std::getenv("INGOT_UPDATE")) continue;
    ASSERT_EQ(parts.size(), 2u) << "no '---' in " << text;
    EXPECT_EQ(got, parts[1]) << "from\n" << parts[0];
  }
  if (std::getenv("INGOT_UPDATE")) std::ofstream(GetParam()) << updated;
}

INSTANTIATE_TEST_SUITE_P(Files, PassCases, testing::ValuesIn(case_files()), [](const auto& info) {
  std::string name = info.param.parent_path().filename().string() + "_" + info.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace ingot
