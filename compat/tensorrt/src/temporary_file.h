// A file of this process, gone with the object. `ok` is false where none could be made and filled.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace ingot::tensorrt {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const int file = mkstemp(path_.data());
    if (file < 0) return;
    made_ = true;
    close(file);
    std::ofstream out(path_, std::ios::binary);
    ok_ = static_cast<bool>((out << content).flush());
  }
  ~TemporaryFile() {
    if (made_) std::remove(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool ok() const { return ok_; }
  const std::string& path() const { return path_; }
  std::string read() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string path_ = std::string(P_tmpdir) + "/ingot-XXXXXX";  // mkstemp fills the X in
  bool made_ = false, ok_ = false;
};

}  // namespace ingot::tensorrt
