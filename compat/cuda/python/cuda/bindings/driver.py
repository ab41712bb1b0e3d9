"""What scripts ask the driver for: devices and contexts, and memory and streams, which are the runtime's."""

from enum import IntEnum

from cuda.bindings import runtime


class CUresult(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_INVALID_DEVICE = 101
    CUDA_ERROR_NO_BINARY_FOR_GPU = 209
    CUDA_ERROR_INVALID_HANDLE = 400
    CUDA_ERROR_ILLEGAL_STATE = 401
    CUDA_ERROR_NOT_SUPPORTED = 801
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900
    CUDA_ERROR_CAPTURED_EVENT = 907
    CUDA_ERROR_UNKNOWN = 999


CUstream, CUevent, CUdeviceptr = runtime.cudaStream_t, runtime.cudaEvent_t, int
_OK = CUresult.CUDA_SUCCESS
_COPY = runtime.cudaMemcpyKind.cudaMemcpyDefault


def _told(result):
    """A call of the runtime as the driver's: the errors have the same numbers."""
    error, *values = result
    return (
        CUresult(error) if error in CUresult.__members__.values() else CUresult.CUDA_ERROR_UNKNOWN,
        *values,
    )


def cuInit(flags):
    return (_OK,)


def cuDriverGetVersion():
    return _told(runtime.cudaDriverGetVersion())


def cuDeviceGetCount():
    return _OK, 1


def cuDeviceGet(ordinal):
    return (_OK, 0) if ordinal == 0 else (CUresult.CUDA_ERROR_INVALID_DEVICE, None)


def cuDeviceGetName(length, device):
    return _OK, runtime.cudaGetDeviceProperties(0)[1].name[:length]


def cuDeviceGetAttribute(attribute, device):
    return _told(runtime.cudaDeviceGetAttribute(attribute, device))


def cuDevicePrimaryCtxRetain(device):
    return _OK, 0


def cuDevicePrimaryCtxRelease(device):
    return (_OK,)


def cuCtxCreate(*arguments):
    return _OK, 0


def cuCtxSetCurrent(context):
    return (_OK,)


def cuCtxSynchronize():
    return (_OK,)


def cuCtxDestroy(context):
    return (_OK,)


def cuMemAlloc(size):
    return _told(runtime.cudaMalloc(size))


def cuMemFree(pointer):
    return _told(runtime.cudaFree(pointer))


def cuMemGetInfo():
    return _told(runtime.cudaMemGetInfo())


def cuMemcpyHtoD(to, source, size):
    return _told(runtime.cudaMemcpy(to, source, size, _COPY))


def cuMemcpyHtoDAsync(to, source, size, stream):
    return _told(runtime.cudaMemcpyAsync(to, source, size, _COPY, stream))


cuMemcpyDtoH = cuMemcpyDtoD = cuMemcpyHtoD
cuMemcpyDtoHAsync = cuMemcpyDtoDAsync = cuMemcpyHtoDAsync


def cuStreamCreate(flags):
    return _told(runtime.cudaStreamCreateWithFlags(flags))


def cuStreamSynchronize(stream):
    return _told(runtime.cudaStreamSynchronize(stream))


def cuStreamDestroy(stream):
    return _told(runtime.cudaStreamDestroy(stream))


def cuGetErrorName(error):
    return _OK, CUresult(error).name.encode()


def cuGetErrorString(error):
    return _OK, runtime.cudaGetErrorString(error)[1]
