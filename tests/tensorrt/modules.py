"""NVIDIA's own Python modules, from PyPI, over Ingot's libraries: where they lie, how code runs with them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "tensorrt"
WHEELS = {
    "8": "tensorrt-bindings==8.6.1",
    "10": "tensorrt-cu13-bindings==10.16.1.11",
    "11": "tensorrt-cu13-bindings==11.1.0.106",
}


def build_folder():
    import ingot

    return Path(ingot.__file__).resolve().parents[2]


def program(name):
    """A command that the build made."""
    path = build_folder() / "bin" / name
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    return path


def libraries(major):
    """The folder of the libraries that stand in for TensorRT's."""
    folder = build_folder() / "lib" / f"tensorrt-{major}"
    if not folder.is_dir():
        pytest.skip(f"there are no libraries for TensorRT {major} in {folder}")
    return folder


def module(major):
    """The folder of the Python module, installed when it is first asked for; without its CUDA libraries."""
    target = CACHE / major
    if not target.is_dir():
        made = target.with_name(f"{major}.part")
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", made, WHEELS[major]]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            pytest.skip(f"{WHEELS[major]} cannot be installed here: {result.stderr.strip()[-200:]}")
        made.rename(target)
    return target


def run(major, script, *arguments):
    """Runs a Python file as its users do, in a process of its own; gives what it printed."""
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(libraries(major)),
        "PYTHONPATH": f"{module(major)}:{Path(__file__).parent / 'programs'}",
    }
    command = [sys.executable, Path(__file__).parent / "programs" / script, *map(str, arguments)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
