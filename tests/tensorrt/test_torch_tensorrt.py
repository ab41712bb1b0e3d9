"""Torch-TensorRT's libraries find all that they want of TensorRT in Ingot's libraries."""

import csv
import subprocess

import modules
import pytest


def symbols(libraries, option):
    command = ["nm", "-D", option, *map(str, libraries)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines if line and not line.endswith(":")}


def test_symbols_resolve():
    packages = modules.packages("torch_tensorrt", "torch-tensorrt==2.14.0")
    theirs = sorted((packages / "torch_tensorrt" / "lib").glob("libtorchtrt*.so"))
    ours = sorted(modules.libraries("11").glob("lib*.so"))
    if not theirs:
        pytest.fail(f"there are no libraries in {packages}")
    with open(modules.ROOT / "compat" / "tensorrt" / "interface" / "exports.tsv", newline="") as file:
        exports = {row["symbol"] for row in csv.DictReader(file, delimiter="\t")}
    missing = symbols(theirs, "--undefined-only") - symbols(theirs, "--defined-only")
    wanted = {s for s in missing if s in exports or s.startswith(("_ZN8nvinfer1", "_ZN12nvonnxparser"))}
    assert "createInferRuntime_INTERNAL" in wanted and "initLibNvInferPlugins" in wanted
    assert wanted <= symbols(ours, "--defined-only")
