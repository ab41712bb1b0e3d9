// Every file of kernels compiles for the architectures that we ship: by NVRTC where it is found, else by
// nvcc. Needs no GPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "backends/cuda/driver/nvrtc.h"
#include "backends/cuda/kernels/index/index.h"
#include "backends/cuda/kernels/select/select.h"
#include "gpu.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

// Kernels that make sense several together only: their results are tested as steps (tests/steps).
std::vector<Result<KernelSpec>> specs_without_cases() {
  std::vector<Result<KernelSpec>> out;
  ScatterProblem tuples{DataType::kF16, DataType::kI64, Combine::kReplace, {9, 7}, 40, 33};
  ScatterProblem elements{DataType::kF32, DataType::kI32, Combine::kReplace, {9, 7}, 0, 1, 1, {4, 7}};
  for (ScatterProblem* p : {&tuples, &elements})
    for (const Combine combine : {Combine::kReplace, Combine::kAdd, Combine::kMax}) {
      p->combine = combine;
      out.push_back(scatter_kernel(*p, false));
      if (combine == Combine::kReplace) out.push_back(scatter_kernel(*p, true));
    }
  for (const bool flag : {false, true}) out.push_back(suppress_kernel({1, 3, 100, 10, 0.5f, flag, flag}));
  out.push_back(list_boxes_kernel({1, 3, 100, 10}));
  return out;
}

// Cases of each file; those that are there for an instruction of Hopper's are not for older GPUs.
std::map<std::string, std::vector<KernelSpec>> specs_by_file() {
  std::map<std::string, std::vector<KernelSpec>> found;
  std::set<std::string> seen;
  for (const auto& family : kernel_case_families())
    for (const KernelCase& c : family())
      if (c.spec.ok() && seen.insert(c.spec->source + c.spec->key()).second)
        found[c.spec->source].push_back(*c.spec);
  for (const Result<KernelSpec>& spec : specs_without_cases()) found[spec.value().source].push_back(*spec);
  return found;
}

bool runs_on(const KernelSpec& spec, const std::string& arch) {
  return arch == "sm_90a" || (spec.name.find("sm90") == spec.name.npos && spec.cluster == Extent3{});
}

// What of a spec's options names types.
std::string types_of(const KernelSpec& spec) {
  static const std::set<std::string> names = [] {
    std::set<std::string> all;
    for (int t = 0; t <= static_cast<int>(DataType::kU4); ++t)
      if (const char* name = device_type(static_cast<DataType>(t))) all.insert(name);
    return all;
  }();
  std::string types;
  for (const std::string& option : spec.options)
    if (const size_t at = option.find('='); at != option.npos && names.contains(option.substr(at + 1)))
      types += option + " ";
  return types;
}

// One of each combination of types, or one of all.
std::vector<const KernelSpec*> sample(const std::vector<KernelSpec>& specs, const std::string& arch,
                                      bool all_types) {
  std::set<std::string> seen;
  std::vector<const KernelSpec*> out;
  for (const KernelSpec& s : specs)
    if (runs_on(s, arch) && seen.insert(all_types ? s.entry + types_of(s) : "").second) out.push_back(&s);
  return out;
}

// What nvcc says about a spec; empty where it compiles. Functions that host and device share are marked for
// both.
std::string compile_by_nvcc(const KernelSpec& spec, const std::string& arch, const std::string& name) {
  std::string text = spec.text();
  for (const char* word : {"\ninline ", "\nconstexpr int ceil"}) {
    const std::string marked = std::string("\n__host__ __device__ ") + (word + 1);
    for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + marked.size()))
      text.replace(at, std::string(word).size(), marked);
  }
  const std::string file = testing::TempDir() + name;
  std::ofstream(file + ".cu") << text;
  std::string command = "nvcc -cubin -std=c++17 -arch=" + arch;
  for (const std::string& option : spec.options) command += " '" + option + "'";
  command += " -o " + file + ".cubin " + file + ".cu 2>&1";
  std::string said;
  FILE* const pipe = ::popen(command.c_str(), "r");
  for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;) said += static_cast<char>(c);
  const bool good = pipe != nullptr && ::pclose(pipe) == 0;
  std::remove((file + ".cu").c_str());
  std::remove((file + ".cubin").c_str());
  return good ? "" : said.empty() ? "nvcc cannot be run" : said;
}

TEST(KernelFiles, CompileForAllArchitectures) {
  const bool by_nvrtc = nvrtc().ok();
  if (!by_nvrtc && std::system("nvcc --version > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "neither NVRTC nor nvcc is here";
  const auto by_file = specs_by_file();
  for (const std::string_view file : kernel_files())
    EXPECT_TRUE(by_file.contains(std::string(file))) << file << " has no case in tests/cuda";
  struct Job {
    const KernelSpec* spec;
    std::string arch, problem;  // empty: it compiles
  };
  std::vector<Job> jobs;
  for (const auto& [file, specs] : by_file)
    for (const char* arch : {"sm_80", "sm_90a"})
      for (const KernelSpec* spec : sample(specs, arch, by_nvrtc || arch == std::string("sm_90a")))
        jobs.push_back({spec, arch, ""});
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < jobs.size(); i = next++) {
      Job& job = jobs[i];
      if (by_nvrtc) {
        const auto cubin = compile_cubin(job.spec->text(), job.spec->source, job.spec->options, job.arch);
        if (!cubin.ok()) job.problem = cubin.status().to_string();
      } else {
        job.problem = compile_by_nvcc(*job.spec, job.arch, "ingot_kernel_" + std::to_string(i));
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); ++t) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  for (const Job& job : jobs)
    EXPECT_TRUE(job.problem.empty()) << job.spec->source << " for " << job.arch << ": "
                                     << job.problem.substr(0, 2000);
}

}  // namespace
}  // namespace ingot::cuda
