// Messages to the client's ILogger and IErrorRecorder.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <string>

#include "ingot/status.h"
#include "ingot_tensorrt.h"

namespace ingot::tensorrt {

/// Where an object's messages go: the logger it was created with, and the recorder it was given. A copy has
/// no recorder of its own, and uses that of the original as long as the original keeps it.
class Log {
 public:
  using Severity = nvinfer1::ILogger::Severity;
  using ErrorCode = nvinfer1::ErrorCode;

  /// Null: whatever logger was given last to an object that still lives.
  explicit Log(nvinfer1::ILogger* logger = nullptr);
  Log(const Log& other);
  Log& operator=(const Log&) = delete;

  void error(ErrorCode code, const std::string& text) const noexcept;
  void warning(const std::string& text) const noexcept { write(Severity::kWARNING, text); }
  void info(const std::string& text) const noexcept { write(Severity::kINFO, text); }
  void verbose(const std::string& text) const noexcept { write(Severity::kVERBOSE, text); }
  /// Logs the error there is. True: there is none.
  bool check(const Status& status) const noexcept;
  /// Runs what may throw: the client's code, or ours without memory. Then `call` is named in an error, and
  /// the result is null, false or zero.
  template <class F>
  auto guard(const char* call, F&& run) const noexcept -> decltype(run()) {
    try {
      return run();
    } catch (const std::bad_alloc&) {
      error(ErrorCode::kFAILED_ALLOCATION, std::string(call) + ": out of memory");
    } catch (const std::exception& e) {
      error(ErrorCode::kFAILED_EXECUTION, std::string(call) + ": the program threw " + e.what());
    } catch (...) {
      error(ErrorCode::kFAILED_EXECUTION, std::string(call) + ": the program threw an exception");
    }
    return decltype(run())();
  }

  nvinfer1::ILogger* logger() const;
  nvinfer1::IErrorRecorder* recorder() const { return slot_->recorder; }
  /// Null when the object that was given the recorder goes: whoever made the recorder may delete it then.
  void set_recorder(nvinfer1::IErrorRecorder* recorder) noexcept;

 private:
  struct Slot {
    nvinfer1::IErrorRecorder* recorder = nullptr;
    std::shared_ptr<Slot> next;  // of the original
  };
  void write(Severity severity, const std::string& text) const noexcept;

  std::shared_ptr<nvinfer1::ILogger> logger_;  // the client's: counts who uses it
  std::shared_ptr<Slot> slot_ = std::make_shared<Slot>();
};

/// The logger that was given last to an object that still lives; null: there is none. Clients may delete a
/// logger when nothing uses it any more.
nvinfer1::ILogger* last_logger();

}  // namespace ingot::tensorrt
