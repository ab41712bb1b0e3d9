// make_engines FROM TO: builds an engine from each ONNX model below FROM into the folder TO, as the corpus of
// fuzz_engine: engine files are tied to the version that reads them, so they are made anew with each build.
#include <cstdio>
#include <filesystem>

#include "ingot/engine.h"

int main(int argc, char** argv) {
  if (argc != 3) return fprintf(stderr, "usage: make_engines FROM TO\n"), 1;
  const std::filesystem::path to = argv[2];
  std::filesystem::remove_all(to);
  std::filesystem::create_directories(to);
  ingot::BuildOptions options;
  options.level = 0;
  options.threads = 1;
  int failures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    const auto engine = ingot::build(entry.path().string(), options);
    const std::string name = entry.path().stem().string() + ".ingot";
    const ingot::Status status = engine.ok() ? engine->save((to / name).string()) : engine.status();
    if (status.ok()) continue;
    fprintf(stderr, "%s: %s\n", entry.path().c_str(), status.to_string().c_str());
    ++failures;
  }
  return failures == 0 ? 0 : 1;
}
