#include "log.h"

#include <atomic>

#include "unsupported_call.h"

namespace ingot::tensorrt {
namespace {

std::atomic<nvinfer1::ILogger*> last{nullptr};

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

nvinfer1::ILogger* last_logger() { return last; }

Log::Log(nvinfer1::ILogger* logger) : logger_(logger != nullptr ? logger : last.load()) {
  if (logger != nullptr) last = logger;
}

void Log::set_recorder(nvinfer1::IErrorRecorder* recorder) {
  if (recorder != nullptr) recorder->incRefCount();
  if (recorder_ != nullptr) recorder_->decRefCount();
  recorder_ = recorder;
}

void Log::write(Severity severity, const std::string& text) const noexcept {
  if (logger_ != nullptr) logger_->log(severity, text.c_str());
}

void Log::error(ErrorCode code, const std::string& text) const noexcept {
  write(Severity::kERROR, text);
  if (recorder_ != nullptr) recorder_->reportError(code, text.c_str());
}

bool Log::check(const Status& status) const noexcept {
  if (!status.ok()) error(code_of(status.code()), std::string(status.message()));
  return status.ok();
}

void unsupported(const char* call) noexcept {
  Log().error(nvinfer1::ErrorCode::kUNSUPPORTED_STATE, std::string(call) + " is not supported by Ingot");
}

}  // namespace ingot::tensorrt
