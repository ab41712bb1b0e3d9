"""The stand-in for CUDA on machines without a GPU, through the Python modules that scripts use."""

import subprocess
import sys

import modules
import pytest


@pytest.fixture(autouse=True)
def without_gpu():
    if modules.gpu():
        pytest.skip("there is a GPU, so CUDA is real")


SCRIPT = {
    "runtime": """
import numpy as np
from cuda import cudart
from cuda.bindings import runtime, driver
ok, E = runtime.cudaError_t.cudaSuccess, runtime.cudaError_t
assert driver.cuInit(0) == (driver.CUresult.CUDA_SUCCESS,)
assert cudart.cudaMalloc is runtime.cudaMalloc
a, b = np.arange(6, dtype=np.float32), np.zeros(6, np.float32)
error, memory = runtime.cudaMalloc(a.nbytes)
assert error == ok and memory % 256 == 0
K = runtime.cudaMemcpyKind
error, stream = runtime.cudaStreamCreate()
assert error == ok and stream
H2D, D2H = K.cudaMemcpyHostToDevice, K.cudaMemcpyDeviceToHost
assert runtime.cudaMemcpyAsync(memory, a.ctypes.data, a.nbytes, H2D, stream) == (ok,)
assert runtime.cudaMemcpy(b, memory, a.nbytes, D2H) == (ok,)
assert runtime.cudaStreamSynchronize(stream) == (ok,) and (a == b).all()
assert runtime.cudaMemset(memory, 0, 4) == (ok,)
runtime.cudaMemcpy(b.ctypes.data, memory, a.nbytes, K.cudaMemcpyDeviceToHost)
assert b.tolist() == [0, 1, 2, 3, 4, 5]
error, properties = runtime.cudaGetDeviceProperties(0)
assert error == ok and properties.name.startswith(b"CPU (no GPU)") and properties.major == 0
assert properties.totalGlobalMem > 1 << 28 and properties.multiProcessorCount >= 1
(_, begin), (_, end) = runtime.cudaEventCreate(), runtime.cudaEventCreate()
assert runtime.cudaEventElapsedTime(begin, end)[0] == E.cudaErrorInvalidResourceHandle
assert runtime.cudaEventRecord(begin, stream) == runtime.cudaEventRecord(end, stream) == (ok,)
error, ms = runtime.cudaEventElapsedTime(begin, end)
assert error == ok and 0 <= ms < 1000
# what is wrong is told
assert runtime.cudaMemcpy(0, memory, 4, K.cudaMemcpyDeviceToHost) == (E.cudaErrorInvalidValue,)
assert runtime.cudaGetLastError() == (E.cudaErrorInvalidValue,) and runtime.cudaGetLastError() == (ok,)
assert runtime.cudaMalloc(1 << 60) == (E.cudaErrorMemoryAllocation, 0)
assert runtime.cudaFree(memory + 8) == (E.cudaErrorInvalidValue,)
assert runtime.cudaFree(memory) == (ok,) and runtime.cudaFree(memory) == (E.cudaErrorInvalidValue,)
assert runtime.cudaStreamDestroy(stream) == (ok,)
assert runtime.cudaStreamSynchronize(stream) == (E.cudaErrorInvalidResourceHandle,)
assert runtime.cudaSetDevice(1) == (E.cudaErrorInvalidDevice,)
assert runtime.cudaGetErrorString(E.cudaErrorNotSupported)[1] == b"not supported without a GPU"
error, host = runtime.cudaHostAlloc(64, runtime.cudaHostAllocDefault)
assert error == ok and runtime.cudaFree(host) == (E.cudaErrorInvalidValue,)
assert runtime.cudaFreeHost(host) == (ok,)
assert runtime.cudaHostRegister(a, a.nbytes, 0) == (ok,)
assert runtime.cudaHostRegister(a, a.nbytes, 0) == (E.cudaErrorHostMemoryAlreadyRegistered,)
assert runtime.cudaHostUnregister(a) == (ok,)
print("ok")
""",
    "graphs": """
import numpy as np
from cuda.bindings import runtime as cuda
ok, E = cuda.cudaError_t.cudaSuccess, cuda.cudaError_t
COPY = cuda.cudaMemcpyKind.cudaMemcpyDefault
MODE = cuda.cudaStreamCaptureMode.cudaStreamCaptureModeGlobal
a, b, c = np.arange(4.0), np.zeros(4), np.zeros(4)
(_, stream), (_, other) = cuda.cudaStreamCreate(), cuda.cudaStreamCreate()
(_, begin), (_, end), (_, fork) = (cuda.cudaEventCreate() for _ in range(3))
assert cuda.cudaStreamBeginCapture(0, MODE) == (E.cudaErrorStreamCaptureUnsupported,)
assert cuda.cudaStreamEndCapture(stream)[0] == E.cudaErrorIllegalState
assert cuda.cudaStreamBeginCapture(stream, MODE) == (ok,)
assert cuda.cudaStreamBeginCapture(stream, MODE) == (E.cudaErrorIllegalState,)
assert cuda.cudaStreamIsCapturing(stream) == (ok, cuda.cudaStreamCaptureStatus.cudaStreamCaptureStatusActive)
assert cuda.cudaStreamIsCapturing(other)[1] == cuda.cudaStreamCaptureStatus.cudaStreamCaptureStatusNone
assert cuda.cudaEventRecord(begin, stream) == (ok,)
assert cuda.cudaMemcpyAsync(b, a, a.nbytes, COPY, stream) == (ok,)
assert cuda.cudaEventRecord(fork, stream) == cuda.cudaStreamWaitEvent(other, fork, 0) == (ok,)
assert cuda.cudaMemcpyAsync(c, b, a.nbytes, COPY, other) == (ok,)  # joined
assert cuda.cudaMemsetAsync(b, 0, 8, stream) == (ok,)
assert cuda.cudaEventRecord(end, stream) == (ok,)
assert cuda.cudaMemcpyAsync(0, a, a.nbytes, COPY, stream) == (E.cudaErrorInvalidValue,)
for refused in (
    cuda.cudaStreamSynchronize(stream), cuda.cudaStreamQuery(other), cuda.cudaMallocAsync(8, stream)[:1]
):
    assert refused == (E.cudaErrorStreamCaptureUnsupported,)
assert cuda.cudaEventSynchronize(end) == (E.cudaErrorCapturedEvent,)
assert cuda.cudaStreamEndCapture(other)[0] == E.cudaErrorStreamCaptureUnmatched
assert not b.any() and not c.any()  # nothing was done
error, graph = cuda.cudaStreamEndCapture(stream)
assert error == ok and cuda.cudaStreamSynchronize(other) == cuda.cudaStreamSynchronize(stream) == (ok,)
error, executable = cuda.cudaGraphInstantiate(graph, 0)
assert error == ok and cuda.cudaGraphDestroy(graph) == (ok,)
for first in (5, 6):
    a[1] = first
    assert cuda.cudaGraphLaunch(executable, stream) == (ok,)
    assert b.tolist() == [0, first, 2, 3] and c[1] == first
assert cuda.cudaEventElapsedTime(begin, end)[0] == ok
assert cuda.cudaStreamWaitEvent(other, fork, 0) == cuda.cudaStreamSynchronize(other) == (ok,)  # no more
assert cuda.cudaGraphDestroy(graph) == (E.cudaErrorInvalidValue,)
assert cuda.cudaGraphExecDestroy(executable) == (ok,)
assert cuda.cudaGraphLaunch(executable, stream) == (E.cudaErrorInvalidValue,)
print("ok")
""",
    "samples": """
import ctypes
import numpy as np
from cuda import cuda, cudart

def call(result):  # as NVIDIA's samples have it
    error, values = result[0], result[1:]
    if isinstance(error, cuda.CUresult):
        assert error == cuda.CUresult.CUDA_SUCCESS, error
    elif isinstance(error, cudart.cudaError_t):
        assert error == cudart.cudaError_t.cudaSuccess, error
    else:
        raise RuntimeError(error)
    return values[0] if len(values) == 1 else values

host = call(cudart.cudaMallocHost(4 * 6))
pointer = ctypes.POINTER(np.ctypeslib.as_ctypes_type(np.dtype(np.float32)))
array = np.ctypeslib.as_array(ctypes.cast(host, pointer), (6,))
np.copyto(array, np.arange(6, dtype=np.float32).flat, casting="safe")
device, stream = call(cudart.cudaMalloc(4 * 6)), call(cudart.cudaStreamCreate())
H2D, D2H = cudart.cudaMemcpyKind.cudaMemcpyHostToDevice, cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost
call(cudart.cudaMemcpyAsync(device, array, 4 * 6, H2D, stream))
back, bytes_back = np.zeros((2, 3), np.float32), bytearray(24)
call(cudart.cudaMemcpyAsync(back.data, device, 4 * 6, D2H, stream))  # the array's memory, not a copy of it
call(cudart.cudaMemcpy(bytes_back, device, 4 * 6, D2H))
assert back.tolist() == [[0, 1, 2], [3, 4, 5]] and bytes_back == back.tobytes()
call(cudart.cudaMemcpy(device, bytes(24), 24, H2D))
call(cuda.cuInit(0))
context = call(cuda.cuCtxCreate(0, call(cuda.cuDeviceGet(0))))
call(cuda.cuMemcpyDtoHAsync(back.ctypes.data, device, 4 * 6, stream))
call(cuda.cuStreamSynchronize(stream))
assert not back.any()
assert cuda.cuMemAlloc(1 << 60)[0] == cuda.CUresult.CUDA_ERROR_OUT_OF_MEMORY
assert cuda.cuStreamSynchronize(123456)[0] == cuda.CUresult.CUDA_ERROR_INVALID_HANDLE
assert cuda.cuGetErrorName(cuda.CUresult.CUDA_ERROR_OUT_OF_MEMORY)[1] == b"CUDA_ERROR_OUT_OF_MEMORY"
call(cudart.cudaFree(device)), call(cudart.cudaFreeHost(host)), call(cuda.cuCtxDestroy(context))
print("ok")
""",
    "pycuda": """
import pycuda.autoprimaryctx
import numpy as np
import pycuda.driver as cuda
import pycuda.autoinit
assert cuda.Device.count() == 1 and "CPU" in cuda.Device(0).name()
assert pycuda.autoinit.context is cuda.Context.get_current()
host = cuda.pagelocked_empty((2, 3), np.float32)
host[:] = 5
memory = cuda.mem_alloc(host.nbytes)
stream = cuda.Stream()
begin = cuda.Event().record(stream)
cuda.memcpy_htod_async(memory, host, stream)
back = np.zeros_like(host)
cuda.memcpy_dtoh_async(back, memory, stream)
stream.synchronize()
assert (back == 5).all() and int(memory) and stream.handle
assert begin.time_till(cuda.Event().record(stream)) >= 0
memory.free()
assert (cuda.from_device(cuda.to_device(host), host.shape, host.dtype) == host).all()
for wrong, error in (
    (lambda: cuda.mem_alloc(1 << 60), cuda.MemoryError),
    (lambda: cuda.Device(3), cuda.LogicError),
    (lambda: cuda.memcpy_dtoh(np.zeros((4, 4))[:, 1], memory), ValueError),
    (lambda: begin.time_since(cuda.Event()), cuda.LogicError),
):
    try:
        wrong()
    except error:
        continue
    raise AssertionError(error)
pycuda.autoinit.context.pop()
print("ok")
""",
}


HEADERS = {
    "c": """
#include <cuda_runtime_api.h>
#include <stdio.h>
int main(void) {
  struct cudaDeviceProp properties;
  cudaEvent_t event;
  if (cudaGetDeviceProperties(&properties, 0) != cudaSuccess || properties.multiProcessorCount < 1) return 1;
  if (cudaEventCreateWithFlags(&event, cudaEventDisableTiming) != cudaSuccess) return 2;
  if (cudaEventRecord(event, cudaStreamPerThread) != cudaSuccess) return 3;
  if (cudaMemcpyAsync(&properties, 0, 4, cudaMemcpyDefault, 0) != cudaErrorInvalidValue) return 4;
  printf("%s\\n", cudaGetErrorName(cudaGetLastError()));
  return cudaEventDestroy(event);
}
""",
    "c++": """
#include <cuda_runtime.h>
#include <cstdio>
int main() {
  float* device = nullptr;
  float host[2] = {1, 2}, back[2] = {};
  cudaStream_t stream;
  if (cudaMalloc(&device, sizeof host) != cudaSuccess || cudaStreamCreate(&stream) != cudaSuccess) return 1;
  if (cudaMemcpyAsync(device, host, sizeof host, cudaMemcpyHostToDevice, stream) != cudaSuccess) return 2;
  if (cudaMemcpy(back, device, sizeof back, cudaMemcpyDeviceToHost) != cudaSuccess) return 3;
  std::puts(cudaGetErrorName(cudaPeekAtLastError()));
  return back[1] == 2 && cudaFree(device) == cudaSuccess ? 0 : 4;
}
""",
}


@pytest.mark.parametrize(("language", "said"), [("c", "cudaErrorInvalidValue"), ("c++", "cudaSuccess")])
def test_headers(language, said, tmp_path):
    include, libraries = modules.cuda()
    command = ["g++", "-Wall", "-Werror", "-x", language, "-", f"-I{include}", "-o", tmp_path / "program"]
    subprocess.run([*command, f"-L{libraries}", "-lcudart"], input=HEADERS[language], text=True, check=True)
    assert modules.execute(tmp_path / "program").strip() == said


@pytest.mark.parametrize("module", SCRIPT)
def test_module(module):
    assert modules.execute(sys.executable, "-c", SCRIPT[module]) == "ok\n"
