"""pycuda.driver over the stand-in CUDA runtime."""

import numpy as np
from cuda.bindings import runtime as _runtime

_KIND = _runtime.cudaMemcpyKind


class Error(Exception):
    pass


class LogicError(Error):
    pass


class MemoryError(Error):  # noqa: A001 (the name that scripts catch)
    pass


class RuntimeError(Error):  # noqa: A001
    pass


class host_alloc_flags:
    PORTABLE = 1
    DEVICEMAP = 2
    WRITECOMBINED = 4


class ctx_flags:
    SCHED_AUTO = 0
    SCHED_SPIN = 1
    SCHED_YIELD = 2
    SCHED_BLOCKING_SYNC = 4
    MAP_HOST = 8


class event_flags:
    DEFAULT = 0
    BLOCKING_SYNC = 1
    DISABLE_TIMING = 2


def _take(result, what):
    """The value of a runtime call, or an exception that names the call."""
    error, *values = result
    if error == _runtime.cudaError_t.cudaErrorMemoryAllocation:
        raise MemoryError(f"{what} failed: out of memory")
    if error != _runtime.cudaError_t.cudaSuccess:
        raise LogicError(f"{what} failed: {_runtime.cudaGetErrorString(error)[1].decode()}")
    return values[0] if len(values) == 1 else tuple(values) or None


def init(flags=0):
    pass


def get_version():
    version = _take(_runtime.cudaRuntimeGetVersion(), "cuDriverGetVersion")
    return version // 1000, version % 1000 // 10, version % 10


def get_driver_version():
    return _take(_runtime.cudaDriverGetVersion(), "cuDriverGetVersion")


def mem_get_info():
    return _take(_runtime.cudaMemGetInfo(), "cuMemGetInfo")


class Device:
    def __init__(self, number):
        if number != 0:
            raise LogicError(f"cuDeviceGet failed: there is no device {number}")
        self._properties = _take(_runtime.cudaGetDeviceProperties(0), "cuDeviceGet")

    @staticmethod
    def count():
        return _take(_runtime.cudaGetDeviceCount(), "cuDeviceGetCount")

    def name(self):
        return self._properties.name.decode()

    def compute_capability(self):
        return self._properties.major, self._properties.minor

    def total_memory(self):
        return self._properties.totalGlobalMem

    def pci_bus_id(self):
        return "0000:00:00.0"

    def make_context(self, flags=0):
        context = Context()
        context.push()
        return context

    def retain_primary_context(self):
        return Context()


class Context:
    """One device, so a context changes nothing but the stack that scripts keep."""

    _stack = []

    def push(self):
        Context._stack.append(self)

    @staticmethod
    def pop():
        if not Context._stack:
            raise LogicError("cuCtxPopCurrent failed: no context is current")
        return Context._stack.pop()

    def detach(self):
        if self in Context._stack:
            Context._stack.remove(self)

    @staticmethod
    def get_current():
        return Context._stack[-1] if Context._stack else None

    @staticmethod
    def get_device():
        return Device(0)

    @staticmethod
    def synchronize():
        _take(_runtime.cudaDeviceSynchronize(), "cuCtxSynchronize")


class DeviceAllocation:
    """Memory that int() gives the address of; freed with the object."""

    def __init__(self, size):
        self.size = int(size)
        self._address = _take(_runtime.cudaMalloc(self.size), "cuMemAlloc")

    def __int__(self):
        return self._address

    __index__ = __int__

    def __add__(self, offset):
        return self._address + int(offset)

    def as_buffer(self, size, offset=0):
        import ctypes

        return memoryview((ctypes.c_char * size).from_address(self._address + offset))

    def free(self):
        address, self._address = self._address, 0
        _take(_runtime.cudaFree(address), "cuMemFree")

    def __del__(self):
        if getattr(self, "_address", 0):
            _runtime.cudaFree(self._address)
            self._address = 0


def mem_alloc(size):
    return DeviceAllocation(size)


def mem_alloc_like(array):
    return DeviceAllocation(array.nbytes)


def to_device(array):
    memory = DeviceAllocation(array.nbytes)
    memcpy_htod(memory, array)
    return memory


def from_device(source, shape, dtype, order="C"):
    array = np.empty(shape, dtype, order)
    memcpy_dtoh(array, source)
    return array


def pagelocked_empty(shape, dtype, order="C", mem_flags=0):
    return np.empty(shape, dtype, order)


def pagelocked_zeros(shape, dtype, order="C", mem_flags=0):
    return np.zeros(shape, dtype, order)


def pagelocked_empty_like(array, mem_flags=0):
    return np.empty_like(array)


def pagelocked_zeros_like(array, mem_flags=0):
    return np.zeros_like(array)


def register_host_memory(array, flags=0):
    return array


class Stream:
    def __init__(self, flags=0):
        self._stream = _take(_runtime.cudaStreamCreateWithFlags(flags), "cuStreamCreate")

    @property
    def handle(self):
        return int(self._stream)

    def synchronize(self):
        _take(_runtime.cudaStreamSynchronize(self._stream), "cuStreamSynchronize")

    def is_done(self):
        return True

    def wait_for_event(self, event):
        _take(_runtime.cudaStreamWaitEvent(self._stream, event.handle, 0), "cuStreamWaitEvent")

    def __del__(self):
        if getattr(self, "_stream", 0):
            _runtime.cudaStreamDestroy(self._stream)
            self._stream = 0


class Event:
    def __init__(self, flags=0):
        self._event = _take(_runtime.cudaEventCreateWithFlags(flags), "cuEventCreate")

    @property
    def handle(self):
        return int(self._event)

    def record(self, stream=None):
        _take(_runtime.cudaEventRecord(self._event, _handle(stream)), "cuEventRecord")
        return self

    def synchronize(self):
        _take(_runtime.cudaEventSynchronize(self._event), "cuEventSynchronize")
        return self

    def query(self):
        return True

    def time_since(self, event):
        return _take(_runtime.cudaEventElapsedTime(event.handle, self._event), "cuEventElapsedTime")

    def time_till(self, event):
        return event.time_since(self)

    def __del__(self):
        if getattr(self, "_event", 0):
            _runtime.cudaEventDestroy(self._event)
            self._event = 0


def _handle(stream):
    return 0 if stream is None else stream.handle


def _host(array, writable):
    """The array itself when its elements lie in one piece; copies would not reach the caller."""
    view = np.asarray(array)
    if not (view.flags.c_contiguous or view.flags.f_contiguous):
        raise ValueError("the array is not contiguous")
    if writable and not view.flags.writeable:
        raise ValueError("the array is read-only")
    return view


def _copy(to, source, size, kind, what, stream=None):
    result = _runtime.cudaMemcpyAsync(int(to), int(source), size, kind, _handle(stream))
    _take(result, what)


def memcpy_htod_async(dest, src, stream=None):
    array = _host(src, False)
    _copy(dest, array.ctypes.data, array.nbytes, _KIND.cudaMemcpyHostToDevice, "cuMemcpyHtoD", stream)


def memcpy_dtoh_async(dest, src, stream=None):
    array = _host(dest, True)
    _copy(array.ctypes.data, src, array.nbytes, _KIND.cudaMemcpyDeviceToHost, "cuMemcpyDtoH", stream)


def memcpy_dtod_async(dest, src, size, stream=None):
    _copy(dest, src, size, _KIND.cudaMemcpyDeviceToDevice, "cuMemcpyDtoD", stream)


def memcpy_htod(dest, src):
    memcpy_htod_async(dest, src)


def memcpy_dtoh(dest, src):
    memcpy_dtoh_async(dest, src)


def memcpy_dtod(dest, src, size):
    memcpy_dtod_async(dest, src, size)


def memset_d8(dest, data, size):
    _take(_runtime.cudaMemset(int(dest), data, size), "cuMemsetD8")
