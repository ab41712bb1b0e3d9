"""onnxruntime's TensorRT provider on Ingot against its CPU provider, with a GPU or without one.

The wheel takes 250 MB, so no test installs it: ONNXRUNTIME_GPU names a folder with onnxruntime-gpu 1.31.1.
"""

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import graphs
import modules
import pytest

SCRIPT = modules.ROOT / "tests" / "tensorrt" / "programs" / "onnxruntime_provider.py"


@pytest.fixture(scope="module")
def package():
    folder = os.environ.get("ONNXRUNTIME_GPU")
    if not folder:
        pytest.skip("ONNXRUNTIME_GPU does not name a folder with the package of onnxruntime-gpu")
    return Path(folder)


def symbols(library, option):
    said = subprocess.run(["nm", "-D", option, library], check=True, capture_output=True, text=True).stdout
    return [line.split()[-1] for line in said.splitlines()]


def compile_library(path, names, version):
    """Functions that make handles and do nothing else."""
    code = "".join(f"int {name}(void** out) {{ if (out) *out = out; return 0; }}\n" for name in names)
    path.with_suffix(".map").write_text(f"{version} {{ global: *; }};\n")
    options = [f"-Wl,--version-script={path.with_suffix('.map')}"] if version else []
    command = ["g++", "-w", "-shared", "-fPIC", "-x", "c", "-", "-o", path, f"-Wl,-soname,{path.name}"]
    subprocess.run([*command, *options], input=code, text=True, check=True)


@pytest.fixture(scope="module")
def environment(package, tmp_path_factory):
    """Without a GPU the providers' libraries find others in place of CUDA's mathematical ones, of which they
    use handles only."""
    if modules.gpu():
        return {}
    folder = tmp_path_factory.mktemp("libraries")
    wanted = defaultdict(set)
    for provider in ("cuda", "tensorrt"):
        library = package / "onnxruntime" / "capi" / f"libonnxruntime_providers_{provider}.so"
        for symbol in symbols(library, "--undefined-only"):
            name, _, version = symbol.partition("@")
            if name.startswith("cu"):  # the driver's functions have no version
                wanted[version or "libcuda.so.1"].add(name)
    preloaded = []  # what ours, which are found first, lack
    for library, version in (("libcudart.so.13", "libcudart.so.13"), ("libcuda.so.1", "")):
        ours = {s.split("@")[0] for s in symbols(modules.cuda()[1] / library, "--defined-only")}
        preloaded.append(folder / f"rest_of_{library}")
        compile_library(preloaded[-1], wanted.pop(library) - ours, version)
    for library, names in {"libcurand.so.10": (), "libcublas.so.13": (), **wanted}.items():
        compile_library(folder / library, names, library if library.startswith(("libcub", "libcud")) else "")
    return {"LD_LIBRARY_PATH": str(folder), "LD_PRELOAD": ":".join(map(str, preloaded))}


@pytest.mark.parametrize(
    "name", ["resnet50", "bert_base", "magika/model.onnx", "yunet/face_detection_yunet_120x160.onnx"]
)
def test_provider(name, package, environment):
    model = modules.SHARED / "models" / name if "/" in name else graphs.STRIPPED / f"{name}.onnx"
    if not model.is_file():
        pytest.skip(f"there is no {model}")
    model = model if "/" in name else graphs.model_path(name)
    variables = [f"{key}={value}" for key, value in environment.items() if key == "LD_PRELOAD"]
    path = {
        **os.environ,
        "PYTHONPATH": str(package),
        "LD_LIBRARY_PATH": environment.get("LD_LIBRARY_PATH", ""),
    }
    said = modules.execute("env", *variables, sys.executable, SCRIPT, model, major="10", env=path)
    assert said.splitlines()[-1].startswith("ok"), said
