"""NVIDIA's own Python modules, from PyPI, over Ingot's libraries: where they lie, how code runs with them."""

import fcntl
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"  # models and graphs, where they lie beside the checkout
CACHE = ROOT / ".cache" / "tensorrt"
WHEELS = {
    "8": "tensorrt-bindings==8.6.1",
    "10": "tensorrt-cu13-bindings==10.16.1.11",
    "11": "tensorrt-cu13-bindings==11.1.0.106",
}


def prefix():
    """Where bin/ and lib/ are: the package's build folder, or the archive unpacked in INGOT_PREFIX."""
    if archive := os.environ.get("INGOT_PREFIX"):
        return Path(archive)
    import ingot

    return Path(ingot.__file__).resolve().parents[2]


def program(name):
    """A command that the build made."""
    path = prefix() / "bin" / name
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    return path


@functools.cache
def gpu():
    """Whether programs under `ingot exec` have a GPU, and so CUDA's own runtime."""
    command = [program("ingot"), "inspect", "--devices", "--json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return any(device["name"].startswith("cuda") for device in found)


def libraries(major):
    """The folder of the libraries that stand in for TensorRT's."""
    folder = prefix() / "lib" / f"tensorrt-{major}"
    if not folder.is_dir():
        pytest.skip(f"there are no libraries for TensorRT {major} in {folder}")
    return folder


def headers(major):
    """The folder of TensorRT's headers."""
    if os.environ.get("INGOT_PREFIX"):
        return prefix() / "include" / f"tensorrt-{major}"
    return prefix() / "compat" / "tensorrt" / major / "include"


def cuda():
    """The folders of CUDA's headers and of its runtime: the toolkit's where there is a GPU."""
    if gpu():
        toolkit = Path(os.environ.get("CUDA_HOME", "/usr/local/cuda"))
        return toolkit / "include", toolkit / "lib64"
    own = (
        prefix() / "include" / "cuda"
        if os.environ.get("INGOT_PREFIX")
        else ROOT / "compat" / "cuda" / "include"
    )
    return own, prefix() / "lib" / "cuda"


def python(major):
    """The interpreter for programs of a major: NVIDIA's bindings of 8 end at Python 3.11, so with a newer one
    INGOT_TEST_PYTHON_8 may name another, with numpy and what else the programs import."""
    return os.environ.get(f"INGOT_TEST_PYTHON_{major}", sys.executable)


def require(package, major):
    """Skips where the interpreter for programs of a major lacks a package."""
    if subprocess.run([python(major), "-c", f"import {package}"], capture_output=True).returncode != 0:
        pytest.skip(f"there is no {package} for the Python of this major")


def packages(name, *wheels, python=sys.executable):
    """A folder of packages from PyPI, installed when it is first asked for; without what they depend on."""
    target = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may run side by side
        if not target.is_dir():
            made = target.with_name(f"{name}.part")
            command = [python, "-m", "pip", "install", "-q", "--no-deps", "--target", made, *wheels]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode != 0:
                pytest.skip(f"{' '.join(wheels)} cannot be installed here: {result.stderr.strip()[-200:]}")
            made.rename(target)
    return target


def module(major):
    """The folder of NVIDIA's Python module."""
    return packages(major, WHEELS[major], python=python(major))


def execute(*command, major="", bindings="", packages=(), passes=True, **options):
    """A program under `ingot exec`, with packages and the Python module of one major on its path; what it
    printed, its errors only when it fails as it should."""
    words = [program("ingot"), "exec", *(["--tensorrt", major] if major else []), *command]
    environment = dict(os.environ)
    environment.pop("LD_LIBRARY_PATH", None)
    environment["PYTHONPATH"] = ":".join(map(str, [*packages, *([module(bindings)] if bindings else [])]))
    options = {"env": environment, "timeout": 300, **options}
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, **options)
    assert (result.returncode == 0) == passes, f"{result.stdout}{result.stderr}exit {result.returncode}"
    return result.stdout if passes else result.stdout + result.stderr


def run(major, script, *arguments):
    """One of the programs beside this file, as its users run it; what it printed."""
    script = Path(__file__).parent / "programs" / script
    return execute(python(major), script, *arguments, major=major, bindings=major)
