// What stands behind the C interface's handles, and how its functions fail.
#pragma once

#include <mutex>
#include <new>

#include "base/status.h"
#include "ingot/engine.h"
#include "ingot/ingot.h"

struct ingot_engine {
  ingot::Engine engine;
  std::mutex mutex;    // guards report
  std::string report;  // made when it is first asked for
};
struct ingot_context {
  ingot::Context context;
};
struct ingot_options {
  ingot::BuildOptions build;
};

namespace ingot::c_api {

/// Keep the message for ingot_last_error and give the code.
ingot_status fail(const Status& status);
ingot_status fail_no_memory();
ingot_status null_argument(const char* what);

Result<Dims> read_dims(const int64_t* dims, int32_t rank);

/// Runs `call`, which gives a Status; nothing is thrown at C.
template <class Call>
ingot_status guarded(Call&& call) noexcept {
  try {
    const Status status = call();
    return status.ok() ? INGOT_OK : fail(status);
  } catch (const std::bad_alloc&) {
    return fail_no_memory();
  }
}

inline Status give_engine(Result<Engine> made, ingot_engine** out) {
  if (!made.ok()) return made.status();
  *out = new ingot_engine{std::move(*made), {}, {}};
  return {};
}

}  // namespace ingot::c_api
