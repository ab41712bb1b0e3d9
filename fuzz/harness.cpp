// A plain main for the fuzzers: replays the files of a corpus and seeded mutations of each, so that every
// build runs them without libFuzzer. Usage: fuzz_x [--mutations N] [--only N] FILE|FOLDER...
//
// Mutation N of a file is the same on every machine. An input that crashes, or takes longer than ten seconds,
// is named before the process dies; --only N runs that one alone and writes it to the file `input` first.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Bytes = std::vector<uint8_t>;
constexpr int kSecondsPerInput = 10;
char current[4096];  // the input being run, for the message of a process that dies

void name_current_input() {
  if (write(STDERR_FILENO, current, strlen(current)) < 0) _exit(2);
}

void die_of_signal(int signal) {
  name_current_input();
  raise(signal);  // SA_RESETHAND: now with the default effect
}

void watch_for_death() {
  struct sigaction action = {};
  action.sa_handler = die_of_signal;
  action.sa_flags = SA_RESETHAND | SA_NODEFER;
  for (int signal : {SIGALRM, SIGABRT}) sigaction(signal, &action, nullptr);
  if (__sanitizer_set_death_callback) {
    __sanitizer_set_death_callback(name_current_input);
  } else {
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
  }
}

/// One to four small damages: what a bad disk, a cut transfer or an attacker would do.
Bytes mutate(Bytes bytes, std::mt19937_64 random) {
  static constexpr uint64_t kOdd[] = {0,          1,          0x7f,      0x80,       0xff,
                                      0x7fffffff, 0xffffffff, INT64_MAX, 1ull << 63, ~0ull};
  for (uint64_t count = 1 + random() % 4; count > 0 && !bytes.empty(); --count) {
    const size_t at = random() % bytes.size();
    const size_t length = std::min<size_t>(1 + random() % 16, bytes.size() - at);
    switch (random() % 6) {
      case 0:
        bytes[at] ^= 1 << random() % 8;
        break;
      case 1:
        bytes[at] = static_cast<uint8_t>(random());
        break;
      case 2:
        memcpy(&bytes[at], &kOdd[random() % std::size(kOdd)], std::min<size_t>(length, 8));
        break;
      case 3:
        bytes.erase(bytes.begin() + at, bytes.begin() + at + length);
        break;
      case 4: {
        const Bytes piece(bytes.begin() + at, bytes.begin() + at + length);
        bytes.insert(bytes.begin() + random() % bytes.size(), piece.begin(), piece.end());
        break;
      }
      case 5:
        if (random() % 4 == 0) bytes.resize(at);
        break;
    }
  }
  return bytes;
}

void run_one(const Bytes& bytes) {
  alarm(kSecondsPerInput);
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  alarm(0);
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

void write_file(const char* path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::vector<std::filesystem::path> files_of(const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names) {
    if (!std::filesystem::is_directory(name)) {
      files.push_back(name);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(name))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  long first = 0, last = 0;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    if (!strcmp(argv[i], "--mutations") && i + 1 < argc)
      last = atol(argv[++i]);
    else if (!strcmp(argv[i], "--only") && i + 1 < argc)
      first = last = atol(argv[++i]);
    else
      names.push_back(argv[i]);
  }
  const auto files = files_of(names);
  if (files.empty()) return fprintf(stderr, "%s: no corpus\n", argv[0]), 1;

  watch_for_death();
  for (const auto& file : files) {
    const Bytes bytes = read_file(file);
    if (bytes.empty() && !std::filesystem::exists(file))
      return fprintf(stderr, "no file %s\n", file.c_str()), 1;
    for (long n = first; n <= last; ++n) {
      snprintf(current, sizeof(current), "\nwhile running %s --only %ld %s\n", argv[0], n, file.c_str());
      const Bytes input = n == 0 ? bytes : mutate(bytes, std::mt19937_64(n));  // number 0 is the file itself
      if (first != 0) write_file("input", input);
      run_one(input);
    }
  }
  printf("%zu files, %ld inputs each\n", files.size(), last - first + 1);
}
