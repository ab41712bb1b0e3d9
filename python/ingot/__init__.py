"""Ingot: a trained network becomes one optimized engine file, and runs fast on CPUs.

    import ingot
    engine = ingot.build("model.onnx", shapes={"x": (1, 3, 224, 224)})
    engine.save("model.ingot")
    engine = ingot.load("model.ingot")
    y = engine.run({"x": x})["y"]  # numpy in, numpy out

Arrays are float32, float64, float16, bool or integers as the network says; bfloat16 is taken from,
and given as, `ml_dtypes.bfloat16` where that package is installed, and its bits as uint16 elsewhere.
"""

from ._ingot import (
    Context,
    Device,
    DeviceArray,
    Engine,
    LayerTime,
    Network,
    NetworkTensor,
    TensorInfo,
    devices,
    measure_peak_gflops,
    version,
)
from .build import Profile, build, load
from .errors import (
    Cancelled,
    CorruptFile,
    DeviceError,
    FailedPrecondition,
    IngotError,
    InternalError,
    InvalidArgument,
    IoError,
    NotFound,
    OutOfMemory,
    Unsupported,
)

__version__ = version()

__all__ = [
    "Context",
    "CorruptFile",
    "Device",
    "DeviceArray",
    "Cancelled",
    "DeviceError",
    "Engine",
    "FailedPrecondition",
    "IngotError",
    "InternalError",
    "InvalidArgument",
    "IoError",
    "LayerTime",
    "Network",
    "NetworkTensor",
    "NotFound",
    "OutOfMemory",
    "Profile",
    "TensorInfo",
    "Unsupported",
    "build",
    "devices",
    "load",
    "measure_peak_gflops",
    "version",
]
