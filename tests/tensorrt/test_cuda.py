"""The stand-in for CUDA on machines without a GPU, through the Python modules that scripts use."""

import os
import subprocess
import sys

import modules
import pytest

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
assert runtime.cudaStreamBeginCapture(0, 0) == (E.cudaErrorNotSupported,)
assert runtime.cudaGetErrorString(E.cudaErrorNotSupported)[1] == b"not supported without a GPU"
error, host = runtime.cudaHostAlloc(64, runtime.cudaHostAllocDefault)
assert error == ok and runtime.cudaFree(host) == (E.cudaErrorInvalidValue,)
assert runtime.cudaFreeHost(host) == (ok,)
assert runtime.cudaHostRegister(a, a.nbytes, 0) == (ok,)
assert runtime.cudaHostRegister(a, a.nbytes, 0) == (E.cudaErrorHostMemoryAlreadyRegistered,)
assert runtime.cudaHostUnregister(a) == (ok,)
print("ok")
""",
    "pycuda": """
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


@pytest.mark.parametrize("module", SCRIPT)
def test_module(module):
    folder = modules.build_folder() / "lib" / "cuda"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder), "PYTHONPATH": str(folder / "python")}
    command = [sys.executable, "-c", SCRIPT[module]]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert result.stdout == "ok\n", result.stdout + result.stderr
