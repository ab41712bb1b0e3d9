// The fixture of what goes wrong: expects errors in the log.
#pragma once

#include "client.h"

namespace client {

using nvinfer1::ErrorCode;

class BadInput : public ::testing::Test {
 protected:
  // The last call failed, for a reason that says `words`.
  void expect_error(std::initializer_list<const char*> words) {
    const auto errors = logger.errors();
    ASSERT_FALSE(errors.empty());
    for (const char* word : words)
      EXPECT_NE(errors.back().find(word), std::string::npos) << errors.back() << "\nlacks " << word;
  }
  Logger logger;
};

}  // namespace client
