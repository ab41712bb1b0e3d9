// Graphs: the calls that a captured stream was asked for, in their order. A launch makes them again.
#include "handles.h"

namespace ingot::cudart {
namespace {

auto& streams() { return Handles<CUstream_st>::all(); }
auto& graphs() { return Handles<CUgraph_st>::all(); }
auto& executables() { return Handles<CUgraphExec_st>::all(); }

// The default streams cannot be captured.
cudaError_t begin(cudaStream_t stream) {
  if (streams().check(stream) != cudaSuccess) return cudaErrorStreamCaptureUnsupported;
  if (stream->captured) return cudaErrorIllegalState;
  stream->captured = std::make_shared<Calls>();
  stream->began = true;
  return cudaSuccess;
}

cudaError_t end(cudaStream_t stream, cudaGraph_t* out) {
  if (out == nullptr) return cudaErrorInvalidValue;
  *out = nullptr;
  if (streams().check(stream) != cudaSuccess || !stream->captured) return cudaErrorIllegalState;
  if (!stream->began) return cudaErrorStreamCaptureUnmatched;
  const std::shared_ptr<Calls> calls = stream->captured;
  const auto leave = [&](auto& handle) {
    if (handle.captured == calls) handle.captured = nullptr;
  };
  streams().for_each(leave);  // with those that joined
  Handles<CUevent_st>::all().for_each(leave);
  stream->began = false;
  return graphs().create(out, {std::move(*calls)});
}

cudaError_t is_capturing(cudaStream_t stream, cudaStreamCaptureStatus* out) {
  if (out == nullptr) return cudaErrorInvalidValue;
  const cudaError_t error = check_not_captured(stream);
  const bool captured = error == cudaErrorStreamCaptureUnsupported;
  *out = captured ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return captured ? cudaSuccess : error;
}

cudaError_t instantiate(cudaGraphExec_t* out, cudaGraph_t graph) {
  if (graphs().check(graph) != cudaSuccess) return cudaErrorInvalidValue;
  return executables().create(out, {graph->calls});
}

cudaError_t launch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (executables().check(executable) != cudaSuccess) return cudaErrorInvalidValue;
  for (const auto& call : executable->calls)
    if (const cudaError_t error = submit(stream, call); error != cudaSuccess) return error;
  return cudaSuccess;
}

}  // namespace
}  // namespace ingot::cudart

using namespace ingot::cudart;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) { return keep(begin(stream)); }
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* out) { return keep(end(stream, out)); }
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* out) {
  return keep(is_capturing(stream, out));
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* out, cudaGraph_t graph, unsigned long long) {
  return keep(instantiate(out, graph));
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* out, cudaGraph_t graph, unsigned long long) {
  return keep(instantiate(out, graph));
}
cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t) {
  return keep(executables().check(executable) == cudaSuccess ? cudaSuccess : cudaErrorInvalidValue);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return keep(launch(executable, stream));
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return keep(graphs().destroy(graph) == cudaSuccess ? cudaSuccess : cudaErrorInvalidValue);
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return keep(executables().destroy(executable) == cudaSuccess ? cudaSuccess : cudaErrorInvalidValue);
}

}  // extern "C"
