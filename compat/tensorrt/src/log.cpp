#include "log.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "unsupported_call.h"

namespace ingot::tensorrt {
namespace {

// The loggers in use, the one that was given last at the end.
struct Loggers {
  std::mutex mutex;
  std::vector<nvinfer1::ILogger*> list;
};
Loggers& loggers() {
  static Loggers& all = *new Loggers;  // objects may outlive this library's statics
  return all;
}

std::shared_ptr<nvinfer1::ILogger> use(nvinfer1::ILogger* logger) {
  if (logger == nullptr) return nullptr;
  const std::lock_guard lock(loggers().mutex);
  loggers().list.push_back(logger);
  return {logger, [](nvinfer1::ILogger* gone) {
            const std::lock_guard lock(loggers().mutex);
            auto& list = loggers().list;
            if (const auto it = std::find(list.begin(), list.end(), gone); it != list.end()) list.erase(it);
          }};
}

nvinfer1::ErrorCode code_of(StatusCode code) {
  using Code = nvinfer1::ErrorCode;
  switch (code) {
    case StatusCode::kOk:
      return Code::kSUCCESS;
    case StatusCode::kInvalidArgument:
      return Code::kINVALID_ARGUMENT;
    case StatusCode::kFailedPrecondition:
      return Code::kINVALID_STATE;
    case StatusCode::kOutOfMemory:
      return Code::kFAILED_ALLOCATION;
    case StatusCode::kUnsupported:
      return Code::kUNSUPPORTED_STATE;
    default:
      return Code::kUNSPECIFIED_ERROR;
  }
}

}  // namespace

nvinfer1::ILogger* last_logger() {
  const std::lock_guard lock(loggers().mutex);
  return loggers().list.empty() ? nullptr : loggers().list.back();
}

Log::Log(nvinfer1::ILogger* logger) : logger_(use(logger)) {}
Log::Log(const Log& other) : logger_(other.logger_) { slot_->next = other.slot_; }

void Log::set_recorder(nvinfer1::IErrorRecorder* recorder) noexcept {
  if (recorder != nullptr) recorder->incRefCount();
  if (slot_->recorder != nullptr) slot_->recorder->decRefCount();
  slot_->recorder = recorder;
}

nvinfer1::ILogger* Log::logger() const { return logger_ != nullptr ? logger_.get() : last_logger(); }

void Log::write(Severity severity, const std::string& text) const noexcept {
  if (nvinfer1::ILogger* to = logger()) to->log(severity, text.c_str());
}

void Log::error(ErrorCode code, const std::string& text) const noexcept {
  write(Severity::kERROR, text);
  const Slot* slot = slot_.get();
  while (slot->recorder == nullptr && slot->next != nullptr) slot = slot->next.get();
  if (slot->recorder != nullptr) slot->recorder->reportError(code, text.c_str());
}

bool Log::check(const Status& status) const noexcept {
  if (!status.ok()) error(code_of(status.code()), std::string(status.message()));
  return status.ok();
}

void unsupported(const char* call) noexcept {
  Log().error(nvinfer1::ErrorCode::kUNSUPPORTED_STATE, std::string(call) + " is not supported by Ingot");
}

}  // namespace ingot::tensorrt
