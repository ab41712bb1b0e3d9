"""`import tensorrt` on Ingot: NVIDIA's own module under its usual name, whatever package it was installed as.

The module finds Ingot's libraries because `ingot exec` put them on the search path."""

import importlib
import importlib.util
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

_WHEELS = {"8": "tensorrt-bindings==8.6.1", "10": "tensorrt-cu13-bindings", "11": "tensorrt-cu13-bindings"}
_RANGES = {"8": "", "10": ">=10,<11", "11": ">=11,<12"}
_wanted = os.environ.get("INGOT_TENSORRT", "")
_advice = "\n".join(
    f"  pip install --no-deps '{_WHEELS[major]}{_RANGES[major]}'"
    for major in (_WHEELS if _wanted not in _WHEELS else [_wanted])
)


def _bindings():
    """The package `tensorrt_bindings` of the wheels, or the `tensorrt` that it was before."""
    if importlib.util.find_spec("tensorrt_bindings") is not None:
        return importlib.import_module("tensorrt_bindings")
    here = Path(__file__).resolve().parents[1]
    spec = PathFinder.find_spec("tensorrt", [p for p in sys.path if Path(p or ".").resolve() != here])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(
            f"TensorRT's Python module is not installed; only its bindings are needed:\n{_advice}",
            name="tensorrt",
        )
    module = sys.modules[__name__] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


try:
    # The module itself takes this one's place, so that its submodules and private names are there as well.
    sys.modules[__name__] = _bindings()
except ModuleNotFoundError:
    raise
except (ImportError, OSError) as error:
    raise ImportError(
        f"{error}\nThe bindings that are installed want another TensorRT than {_wanted or 'those here'}: "
        f"choose theirs by `ingot exec --tensorrt N`, or install\n{_advice}",
        name="tensorrt",
    ) from None
