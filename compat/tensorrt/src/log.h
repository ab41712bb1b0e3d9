// Messages to the client's ILogger and IErrorRecorder.
#pragma once

#include <string>

#include "ingot/status.h"
#include "ingot_tensorrt.h"

namespace ingot::tensorrt {

/// Where an object's messages go: the logger it was created with and the recorder it was given. Cheap to
/// copy.
class Log {
 public:
  using Severity = nvinfer1::ILogger::Severity;
  using ErrorCode = nvinfer1::ErrorCode;

  /// Null: the logger that was given last, to whatever object.
  explicit Log(nvinfer1::ILogger* logger = nullptr);

  void error(ErrorCode code, const std::string& text) const noexcept;
  void warning(const std::string& text) const noexcept { write(Severity::kWARNING, text); }
  void info(const std::string& text) const noexcept { write(Severity::kINFO, text); }
  void verbose(const std::string& text) const noexcept { write(Severity::kVERBOSE, text); }
  /// Logs the error there is. True: there is none.
  bool check(const Status& status) const noexcept;

  nvinfer1::ILogger* logger() const { return logger_; }
  nvinfer1::IErrorRecorder* recorder() const { return recorder_; }
  void set_recorder(nvinfer1::IErrorRecorder* recorder);

 private:
  void write(Severity severity, const std::string& text) const noexcept;

  nvinfer1::ILogger* logger_;
  nvinfer1::IErrorRecorder* recorder_ = nullptr;
};

/// The logger that was given last to any object of this library; null before.
nvinfer1::ILogger* last_logger();

}  // namespace ingot::tensorrt
