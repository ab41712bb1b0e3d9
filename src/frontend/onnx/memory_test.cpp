// A model of 500 MB is imported within 1.3 times its size, wherever its weights lie in the file.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "frontend/onnx/onnx_import.h"
#include "frontend/onnx/test_model.h"

namespace ingot {
namespace {

using namespace onnx_test;

constexpr int kTensors = 8;
constexpr int64_t kTensorBytes = int64_t{62} << 20;

// The resident memory of this process, files that are mapped included: now ("VmRSS") or at its highest since
// the last reset ("VmHWM").
int64_t resident_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key + ":")) return std::stoll(line.substr(key.size() + 1)) * 1024;
  return 0;
}
bool reset_peak() {
  std::ofstream file("/proc/self/clear_refs");
  return static_cast<bool>(file << "5" << std::flush);
}

std::string field_start(int field, uint64_t length) {
  std::string start = Message().number(field, static_cast<int64_t>(length)).bytes;
  start[0] = static_cast<char>(start[0] | 2);  // a length instead of a number
  return start;
}

// y = x + w + ww + www...: names of all lengths shift the weights to all alignments. The data itself are
// holes in the file, which read as zeros.
std::string write_large_model() {
  TestGraph g{{value_info("x", kFloat, {kTensorBytes / 4})}, {untyped("y")}, {}, {}};
  std::vector<std::string> headers;
  std::string name, sum = "x";
  for (int i = 0; i < kTensors; ++i) {
    name += "w";
    const std::string next = i + 1 < kTensors ? "sum" + name : "y";
    g.nodes.push_back(node("Add", {sum, name}, {next}));
    sum = next;
    const std::string fields = Message().number(1, kTensorBytes / 4).number(2, kFloat).text(8, name).bytes +
                               field_start(9, kTensorBytes);
    headers.push_back(field_start(5, fields.size() + kTensorBytes) + fields);
  }
  const std::string rest = g.build().bytes;
  int64_t graph_bytes = static_cast<int64_t>(rest.size());
  for (const std::string& h : headers) graph_bytes += static_cast<int64_t>(h.size()) + kTensorBytes;
  const std::string start = Message().number(1, 9).add(8, opset("", 18)).bytes +
                            field_start(7, static_cast<uint64_t>(graph_bytes)) + rest;

  std::string path = std::filesystem::temp_directory_path() / "ingot_large_XXXXXX";
  const int fd = mkstemp(path.data());
  bool ok = fd >= 0;
  const auto append = [&](const std::string& text) {
    ok = ok && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  };
  append(start);
  for (const std::string& h : headers) {
    append(h);
    const off_t end = lseek(fd, kTensorBytes, SEEK_CUR);
    ok = ok && ftruncate(fd, end) == 0;
  }
  close(fd);
  EXPECT_TRUE(ok) << path;
  return path;
}

TEST(ImportMemory, StaysNearTheModelsSize) {
  if (!reset_peak()) GTEST_SKIP() << "the kernel does not let a process reset its peak of memory";
  const std::string path = write_large_model();
  const auto file_bytes = static_cast<int64_t>(std::filesystem::file_size(path));
  const int64_t before = resident_bytes("VmRSS");
  auto graph = import_onnx_file(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();

  std::vector<Value*> weights = (*graph)->constants();
  ASSERT_EQ(weights.size(), static_cast<size_t>(kTensors));
  double sum = 0;
  for (const Value* w : weights)
    for (float v : w->constant().span<float>()) sum += v;
  EXPECT_EQ(sum, 0);
  const int64_t peak = resident_bytes("VmHWM") - before;
  RecordProperty("peak_over_size",
                 std::to_string(static_cast<double>(peak) / static_cast<double>(file_bytes)));
  EXPECT_GE(file_bytes, int64_t{495} << 20);
  EXPECT_LE(static_cast<double>(peak), 1.3 * static_cast<double>(file_bytes));
  EXPECT_GT(peak, file_bytes / 2);  // the measurement measures
}

}  // namespace
}  // namespace ingot
