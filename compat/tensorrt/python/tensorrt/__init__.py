"""`import tensorrt` on Ingot: NVIDIA's own module `tensorrt_bindings` under its usual name.

The module finds Ingot's libraries because `ingot exec` put them on the search path."""

import os
import sys

_WHEELS = {"8": "tensorrt-bindings==8.6.1", "10": "tensorrt-cu13-bindings", "11": "tensorrt-cu13-bindings"}
_RANGES = {"8": "", "10": ">=10,<11", "11": ">=11,<12"}

_wanted = os.environ.get("INGOT_TENSORRT", "")
_advice = "\n".join(
    f"  pip install --no-deps '{_WHEELS[major]}{_RANGES[major]}'"
    for major in (_WHEELS if _wanted not in _WHEELS else [_wanted])
)

try:
    import tensorrt_bindings
except ModuleNotFoundError as error:
    if error.name != "tensorrt_bindings":
        raise
    raise ModuleNotFoundError(
        f"TensorRT's Python module is not installed; only its bindings are needed:\n{_advice}",
        name="tensorrt",
    ) from None
except (ImportError, OSError) as error:
    raise ImportError(
        f"{error}\nThe bindings that are installed want another TensorRT than {_wanted or 'those here'}: "
        f"choose theirs by `ingot exec --tensorrt N`, or install\n{_advice}",
        name="tensorrt",
    ) from None

# The module itself, so that its submodules and private names are there as well.
sys.modules[__name__] = tensorrt_bindings
