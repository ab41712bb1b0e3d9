"""An engine file through Ingot's C interface, which needs no module for the Python at hand."""

import ctypes

import numpy as np

TYPES = {np.dtype(np.float32): 1, np.dtype(np.float16): 2, np.dtype(np.int64): 11}


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("rank", ctypes.c_int32),
        ("dims", ctypes.c_int64 * 16),
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_size_t),
    ]


class Engine:
    """run({name: array}, [name of output]) gives the outputs' arrays."""

    def __init__(self, library, path):
        self._c = ctypes.CDLL(library)
        self._c.ingot_last_error.restype = ctypes.c_char_p
        self._engine, self._context = ctypes.c_void_p(), ctypes.c_void_p()
        self._check(self._c.ingot_load_file(path.encode(), ctypes.byref(self._engine)))
        self._check(self._c.ingot_context_create(self._engine, 0, ctypes.byref(self._context)))

    def _check(self, status):
        if status != 0:
            raise RuntimeError(self._c.ingot_last_error().decode())

    def run(self, feeds, outputs):
        kept = {name: np.ascontiguousarray(array) for name, array in feeds.items()}
        for name, array in kept.items():
            dims = (ctypes.c_int64 * array.ndim)(*array.shape)
            data = array.ctypes.data_as(ctypes.c_void_p)
            type_ = TYPES[array.dtype]
            self._check(self._c.ingot_set_input(self._context, name.encode(), type_, dims, array.ndim, data))
        self._check(self._c.ingot_run(self._context))
        return [self._output(name) for name in outputs]

    def _output(self, name):
        t = _Tensor()
        self._check(self._c.ingot_output(self._context, name.encode(), ctypes.byref(t)))
        dtype = next(d for d, number in TYPES.items() if number == t.type)
        data = (ctypes.c_char * t.bytes).from_address(t.data)
        return np.frombuffer(bytes(data), dtype).reshape(list(t.dims[: t.rank]))

    def close(self):
        self._c.ingot_context_free(self._context)
        self._c.ingot_engine_free(self._engine)
