// pack_text FROM TO.cpp: a text as an array of packed bytes (packed_text.h), for embed_kernels.cmake.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "backends/cuda/kernels/packed_text.h"

namespace ingot::cuda {
namespace {

struct Copy {
  size_t length = 0, back = 0;
};

class Packer {
 public:
  explicit Packer(const std::string& text) : text_(text) {}

  std::string run() {
    for (size_t at = 0; at < text_.size();) {
      Copy copy = longest(at);
      // A longer one may begin at the next byte.
      if (copy.length >= kLeastCopy && longest(at + 1).length > copy.length + 1) copy = {};
      if (copy.length < kLeastCopy) {
        remember(at);
        run_.push_back(text_[at++]);
        if (run_.size() == kMostRun) end_run();
        continue;
      }
      end_run();
      out_.push_back(static_cast<char>(kMostRun + copy.length - kLeastCopy));
      out_.push_back(static_cast<char>(copy.back & 255));
      out_.push_back(static_cast<char>(copy.back >> 8));
      for (size_t i = 0; i < copy.length; ++i) remember(at++);
    }
    end_run();
    return out_;
  }

 private:
  void remember(size_t at) {
    if (at + kLeastCopy <= text_.size()) places_[text_.substr(at, kLeastCopy)].push_back(at);
  }
  // The longest copy for what begins at `at`, of the nearest.
  Copy longest(size_t at) const {
    Copy best;
    if (at + kLeastCopy > text_.size()) return best;
    const auto found = places_.find(text_.substr(at, kLeastCopy));
    if (found == places_.end()) return best;
    for (auto place = found->second.rbegin(); place != found->second.rend() && at - *place <= kFarthest;
         ++place) {
      size_t length = 0;
      while (length < kMostCopy && at + length < text_.size() && text_[*place + length] == text_[at + length])
        ++length;
      if (length > best.length) best = {length, at - *place};
    }
    return best;
  }
  void end_run() {
    if (run_.empty()) return;
    out_.push_back(static_cast<char>(run_.size() - 1));
    out_ += run_;
    run_.clear();
  }

  const std::string& text_;
  std::map<std::string, std::vector<size_t>> places_;  // where each four bytes begin
  std::string run_, out_;
};

int run(const char* from, const char* to) {
  std::ifstream file(from, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string packed = Packer(text).run();
  const auto* bytes = reinterpret_cast<const unsigned char*>(packed.data());
  if (text.empty() || unpack_text(bytes, packed.size()) != text)
    return std::fprintf(stderr, "%s is not packed\n", from), 1;
  std::ofstream out(to);
  out << "#include <cstddef>\nnamespace ingot::cuda::detail {\nextern const unsigned char kKernels[];\n"
      << "extern const size_t kKernelsBytes;\nconst size_t kKernelsBytes = " << packed.size()
      << ";\nconst unsigned char kKernels[] = {";
  for (size_t i = 0; i < packed.size(); ++i) out << (i % 24 == 0 ? "\n" : "") << unsigned{bytes[i]} << ',';
  out << "};\n}  // namespace ingot::cuda::detail\n";
  return out.flush() ? 0 : 1;
}

}  // namespace
}  // namespace ingot::cuda

int main(int count, char** arguments) {
  return count == 3 ? ingot::cuda::run(arguments[1], arguments[2]) : 2;
}
