// The sub-commands: what the command line says, and what does it. Each `run` is a file of this folder. Throw
// Error.
#pragma once

#include "error.h"
#include "feeds.h"
#include "ingot/verify.h"
#include "model.h"

namespace ingot::cli {

struct BuildCommand {
  ModelOptions model;
  std::string output, json;
};
void run(const BuildCommand& o);

struct RunCommand {
  ModelOptions model;
  FeedOptions feeds;
  std::string output_dir;
};
void run(const RunCommand& o);

struct BenchCommand {
  ModelOptions model;
  FeedOptions feeds;
  int iterations = 0, warmup = 5;
  double duration = 3;
  bool layers = false;
  std::string json;
};
void run(const BenchCommand& o);

struct InspectCommand {
  ModelOptions model;
  std::string why;
  bool layers = false, json = false, graph = false, devices = false;
};
void run(const InspectCommand& o);

struct RefitCommand {
  std::string engine, model, output;
};
void run(const RefitCommand& o);

struct VerifyCommand {
  ModelOptions model;
  FeedOptions feeds;
  VerifyOptions verify;
  bool layers = false;
  std::string json;
};
void run(const VerifyCommand& o);

struct ExecCommand {
  std::vector<std::string> program;  // and its arguments
  std::string major;
};
void run(const ExecCommand& o);

}  // namespace ingot::cli
