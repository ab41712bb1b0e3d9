"""The CUDA runtime as cuda-python presents it: each call gives a tuple, the error first."""

import ctypes
from enum import IntEnum

import numpy

_LIBRARY = ctypes.CDLL("libcudart.so.13")
_POINTER, _SIZE, _INT, _UINT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_uint
_ULONG = ctypes.c_ulonglong


class cudaError_t(IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInvalidMemcpyDirection = 21
    cudaErrorInvalidDevice = 101
    cudaErrorNoKernelImageForDevice = 209
    cudaErrorPeerAccessUnsupported = 217
    cudaErrorInvalidResourceHandle = 400
    cudaErrorIllegalState = 401
    cudaErrorHostMemoryAlreadyRegistered = 712
    cudaErrorHostMemoryNotRegistered = 713
    cudaErrorNotSupported = 801
    cudaErrorStreamCaptureUnsupported = 900
    cudaErrorStreamCaptureUnmatched = 903
    cudaErrorCapturedEvent = 907
    cudaErrorUnknown = 999


class cudaMemcpyKind(IntEnum):
    cudaMemcpyHostToHost = 0
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2
    cudaMemcpyDeviceToDevice = 3
    cudaMemcpyDefault = 4


class cudaStreamCaptureMode(IntEnum):
    cudaStreamCaptureModeGlobal = 0
    cudaStreamCaptureModeThreadLocal = 1
    cudaStreamCaptureModeRelaxed = 2


class cudaStreamCaptureStatus(IntEnum):
    cudaStreamCaptureStatusNone = 0
    cudaStreamCaptureStatusActive = 1
    cudaStreamCaptureStatusInvalidated = 2


class cudaDeviceAttr(IntEnum):
    cudaDevAttrMaxThreadsPerBlock = 1
    cudaDevAttrWarpSize = 10
    cudaDevAttrMultiProcessorCount = 16
    cudaDevAttrIntegrated = 18
    cudaDevAttrUnifiedAddressing = 41
    cudaDevAttrComputeCapabilityMajor = 75
    cudaDevAttrComputeCapabilityMinor = 76


cudaStreamDefault = 0
cudaStreamNonBlocking = 1
cudaEventDefault = 0
cudaEventDisableTiming = 2
cudaHostAllocDefault = 0
cudaHostAllocPortable = 1
cudaHostAllocMapped = 2
cudaHostRegisterDefault = 0
cudaMemAttachGlobal = 1


class _Handle(int):
    """A stream, an event or a graph: a number that getPtr() and int() give."""

    def getPtr(self):
        return int(self)


class cudaStream_t(_Handle):
    pass


class cudaEvent_t(_Handle):
    pass


class cudaGraph_t(_Handle):
    pass


class cudaGraphExec_t(_Handle):
    pass


class cudaDeviceProp(ctypes.Structure):
    """The fields that scripts print; names are those of CUDA 13."""

    _fields_ = [
        ("name", ctypes.c_char * 256),
        ("uuid", ctypes.c_char * 16),
        ("luid", ctypes.c_char * 8),
        ("luidDeviceNodeMask", _UINT),
        ("totalGlobalMem", _SIZE),
        ("sharedMemPerBlock", _SIZE),
        ("regsPerBlock", _INT),
        ("warpSize", _INT),
        ("memPitch", _SIZE),
        ("maxThreadsPerBlock", _INT),
        ("maxThreadsDim", _INT * 3),
        ("maxGridSize", _INT * 3),
        ("totalConstMem", _SIZE),
        ("major", _INT),
        ("minor", _INT),
        ("textureAlignment", _SIZE),
        ("texturePitchAlignment", _SIZE),
        ("multiProcessorCount", _INT),
        ("integrated", _INT),
        ("canMapHostMemory", _INT),
        ("_rest", ctypes.c_char * 612),
    ]


def _address(value):
    """Of a pointer argument: a number, None, or an object with a buffer (an array, its data, bytes)."""
    if value is None:
        return None
    if hasattr(value, "__array_interface__"):
        return value.__array_interface__["data"][0]
    if hasattr(value, "__int__"):
        return int(value)
    return numpy.frombuffer(value, numpy.uint8).ctypes.data


_CONVERT = {_POINTER: _address, _SIZE: int, _INT: int, _UINT: int, _ULONG: int}


def _call(name, arguments, outputs=(), last=False):
    """A function of the library. `outputs` are pairs of a C type and what to make of its value; they come
    first in the C call, or last, and behind the error in the tuple."""
    function = getattr(_LIBRARY, name)
    function.restype = _INT

    def call(*given):
        if len(given) != len(arguments):
            raise TypeError(f"{name} takes {len(arguments)} arguments, got {len(given)}")
        values = [kind(_CONVERT[kind](v)) for kind, v in zip(arguments, given, strict=True)]
        results = [kind() for kind, _ in outputs]
        pointers = [ctypes.byref(r) for r in results]
        error = cudaError_t(function(*(values + pointers if last else pointers + values)))
        return (error, *(make(r.value) for r, (_, make) in zip(results, outputs, strict=True)))

    call.__name__ = name
    return call


def _number(value):
    return value or 0


def _new(handle):
    return [(_POINTER, lambda v: handle(v or 0))]


_NEW_POINTER = [(_POINTER, _number)]
_NEW_STREAM, _NEW_EVENT, _NEW_EXECUTABLE = _new(cudaStream_t), _new(cudaEvent_t), _new(cudaGraphExec_t)
_NEW_INT = [(_INT, int)]

cudaMalloc = _call("cudaMalloc", [_SIZE], _NEW_POINTER)
cudaMallocAsync = _call("cudaMallocAsync", [_SIZE, _POINTER], _NEW_POINTER)
cudaMallocManaged = _call("cudaMallocManaged", [_SIZE, _UINT], _NEW_POINTER)
cudaMallocHost = _call("cudaMallocHost", [_SIZE], _NEW_POINTER)
cudaHostAlloc = _call("cudaHostAlloc", [_SIZE, _UINT], _NEW_POINTER)
cudaFree = _call("cudaFree", [_POINTER])
cudaFreeAsync = _call("cudaFreeAsync", [_POINTER, _POINTER])
cudaFreeHost = _call("cudaFreeHost", [_POINTER])
cudaHostRegister = _call("cudaHostRegister", [_POINTER, _SIZE, _UINT])
cudaHostUnregister = _call("cudaHostUnregister", [_POINTER])
cudaMemcpy = _call("cudaMemcpy", [_POINTER, _POINTER, _SIZE, _INT])
cudaMemcpyAsync = _call("cudaMemcpyAsync", [_POINTER, _POINTER, _SIZE, _INT, _POINTER])
cudaMemset = _call("cudaMemset", [_POINTER, _INT, _SIZE])
cudaMemsetAsync = _call("cudaMemsetAsync", [_POINTER, _INT, _SIZE, _POINTER])
cudaMemGetInfo = _call("cudaMemGetInfo", [], [(_SIZE, int), (_SIZE, int)])
cudaStreamCreate = _call("cudaStreamCreate", [], _NEW_STREAM)
cudaStreamCreateWithFlags = _call("cudaStreamCreateWithFlags", [_UINT], _NEW_STREAM)
cudaStreamCreateWithPriority = _call("cudaStreamCreateWithPriority", [_UINT, _INT], _NEW_STREAM)
cudaStreamDestroy = _call("cudaStreamDestroy", [_POINTER])
cudaStreamSynchronize = _call("cudaStreamSynchronize", [_POINTER])
cudaStreamQuery = _call("cudaStreamQuery", [_POINTER])
cudaStreamWaitEvent = _call("cudaStreamWaitEvent", [_POINTER, _POINTER, _UINT])
cudaStreamBeginCapture = _call("cudaStreamBeginCapture", [_POINTER, _INT])
cudaStreamEndCapture = _call("cudaStreamEndCapture", [_POINTER], _new(cudaGraph_t), last=True)
cudaStreamIsCapturing = _call(
    "cudaStreamIsCapturing", [_POINTER], [(_INT, cudaStreamCaptureStatus)], last=True
)
cudaGraphInstantiate = _call("cudaGraphInstantiate", [_POINTER, _ULONG], _NEW_EXECUTABLE)
cudaGraphInstantiateWithFlags = _call("cudaGraphInstantiateWithFlags", [_POINTER, _ULONG], _NEW_EXECUTABLE)
cudaGraphUpload = _call("cudaGraphUpload", [_POINTER, _POINTER])
cudaGraphLaunch = _call("cudaGraphLaunch", [_POINTER, _POINTER])
cudaGraphDestroy = _call("cudaGraphDestroy", [_POINTER])
cudaGraphExecDestroy = _call("cudaGraphExecDestroy", [_POINTER])
cudaEventCreate = _call("cudaEventCreate", [], _NEW_EVENT)
cudaEventCreateWithFlags = _call("cudaEventCreateWithFlags", [_UINT], _NEW_EVENT)
cudaEventDestroy = _call("cudaEventDestroy", [_POINTER])
cudaEventRecord = _call("cudaEventRecord", [_POINTER, _POINTER])
cudaEventSynchronize = _call("cudaEventSynchronize", [_POINTER])
cudaEventQuery = _call("cudaEventQuery", [_POINTER])
cudaEventElapsedTime = _call("cudaEventElapsedTime", [_POINTER, _POINTER], [(ctypes.c_float, float)])
cudaGetDeviceCount = _call("cudaGetDeviceCount", [], _NEW_INT)
cudaGetDevice = _call("cudaGetDevice", [], _NEW_INT)
cudaSetDevice = _call("cudaSetDevice", [_INT])
cudaDeviceGetAttribute = _call("cudaDeviceGetAttribute", [_INT, _INT], _NEW_INT)
cudaDeviceSynchronize = _call("cudaDeviceSynchronize", [])
cudaDeviceReset = _call("cudaDeviceReset", [])
cudaRuntimeGetVersion = _call("cudaRuntimeGetVersion", [], _NEW_INT)
cudaDriverGetVersion = _call("cudaDriverGetVersion", [], _NEW_INT)
cudaGetLastError = _call("cudaGetLastError", [])
cudaPeekAtLastError = _call("cudaPeekAtLastError", [])


def cudaGetDeviceProperties(device):
    properties = cudaDeviceProp()
    return cudaError_t(_LIBRARY.cudaGetDeviceProperties(ctypes.byref(properties), device)), properties


def _text(name, error):
    function = getattr(_LIBRARY, name)
    function.restype = ctypes.c_char_p
    return cudaError_t.cudaSuccess, function(int(error))


def cudaGetErrorName(error):
    return _text("cudaGetErrorName", error)


def cudaGetErrorString(error):
    return _text("cudaGetErrorString", error)
