"""What scripts ask the driver for beside the runtime: errors, the device, its context."""

from enum import IntEnum

from cuda.bindings import runtime

__all__ = [
    "CUresult",
    "cuCtxCreate",
    "cuCtxDestroy",
    "cuDeviceGet",
    "cuDeviceGetCount",
    "cuDeviceGetName",
    "cuGetErrorName",
    "cuInit",
]


class CUresult(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_INVALID_DEVICE = 101
    CUDA_ERROR_NOT_SUPPORTED = 801


_OK = CUresult.CUDA_SUCCESS


def cuInit(flags):
    return (_OK,)


def cuDeviceGetCount():
    return _OK, 1


def cuDeviceGet(ordinal):
    return (_OK, 0) if ordinal == 0 else (CUresult.CUDA_ERROR_INVALID_DEVICE, None)


def cuDeviceGetName(length, device):
    return _OK, runtime.cudaGetDeviceProperties(0)[1].name[:length]


def cuCtxCreate(*arguments):
    return _OK, 0


def cuCtxDestroy(context):
    return (_OK,)


def cuGetErrorName(error):
    return _OK, CUresult(error).name.encode()
