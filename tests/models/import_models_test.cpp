// Every model and graph beside the checkout imports, and gives a valid graph.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "frontend/onnx/onnx_import.h"
#include "frontend/onnx/test_model.h"
#include "frontend/onnx/wire.h"
#include "ir/infer.h"

namespace ingot {
namespace {

namespace fs = std::filesystem;
using onnx_import::each_field;
using onnx_import::Field;
using onnx_import::WireType;
using onnx_test::Message;

const fs::path kShared = fs::path(INGOT_SOURCE_DIR) / "../shared";

std::vector<fs::path> models_below(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code missing;
  for (const auto& entry : fs::recursive_directory_iterator(folder, missing))
    if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

void expect_valid(const fs::path& path, const Result<std::unique_ptr<Graph>>& graph) {
  if (!graph.ok()) {
    ADD_FAILURE() << path.filename() << ": " << graph.status().to_string();
    return;
  }
  const Status valid = verify(**graph);
  EXPECT_TRUE(valid.ok()) << path.filename() << ": " << valid.to_string();
}

// The message again, with `change` giving the new payload of each field that it wants to change.
template <class F>
std::string rewrite(std::string_view message, F&& change) {
  std::string out;
  const Status status = each_field(message, [&](const Field& f) -> Status {
    if (f.type == WireType::kBytes)
      out += Message().text(f.number, change(f)).bytes;
    else if (int64_t value = 0; f.get(value).ok())
      out += Message().number(f.number, value).bytes;
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.to_string();
  return out;
}

// The shared graphs come without their weights. Each such initializer becomes external data in a file of
// zeros, which need no memory.
std::string with_zero_weights(std::string_view tensor) {
  bool has_data = false;
  const Status status = each_field(tensor, [&](const Field& f) -> Status {
    has_data |= f.number == 4 || f.number == 5 || f.number == 7 || f.number == 9;
    return {};
  });
  std::string out(tensor);
  if (!has_data && status.ok())
    out += Message().number(14, 1).add(13, Message().text(1, "location").text(2, "zeros")).bytes;
  return out;
}

TEST(ImportModels, SharedModels) {
  const std::vector<fs::path> paths = models_below(kShared / "models");
  if (paths.empty()) GTEST_SKIP() << "no models in " << kShared;
  for (const fs::path& path : paths) expect_valid(path, import_onnx_file(path.string()));
}

TEST(ImportModels, SharedGraphs) {
  const std::vector<fs::path> paths = models_below(kShared / "graphs");
  if (paths.empty()) GTEST_SKIP() << "no graphs in " << kShared;
  std::string folder = fs::temp_directory_path() / "ingot_graphs_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/zeros");
  fs::resize_file(folder + "/zeros", size_t{1} << 30);
  for (const fs::path& path : paths) {
    auto file = MappedFile::open(path.string());
    ASSERT_TRUE(file.ok()) << file.status().to_string();
    const auto bytes = (*file)->bytes();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string model = rewrite(text, [](const Field& m) {
      if (m.number != 7) return std::string(m.payload);
      return rewrite(m.payload, [](const Field& g) {
        return g.number == 5 ? with_zero_weights(g.payload) : std::string(g.payload);
      });
    });
    expect_valid(path, import_onnx_bytes(std::as_bytes(std::span(model)), nullptr, folder));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace ingot
