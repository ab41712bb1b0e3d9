"""NVIDIA's bindings import this package to have TensorRT's libraries loaded before they start.

Ingot's are loaded here, since bindings may look for NVIDIA's own beside them before they look where `ingot
exec` tells. Once a library of that name is loaded, no other one takes its place."""

import ctypes
import re
import sys
from pathlib import Path


def _wanted():
    """The libraries that the bindings name, which are the package that is being imported."""
    packages = [sys.modules[name] for name in ("tensorrt_bindings", "tensorrt") if name in sys.modules]
    files = [f for p in packages for folder in p.__path__ for f in Path(folder).glob("*.so")]
    names = {n for f in files for n in re.findall(rb"libnv[a-z_]+\.so\.\d+(?=\0)", f.read_bytes())}
    return sorted(name.decode() for name in names)


for _name in _wanted():
    ctypes.CDLL(_name)
