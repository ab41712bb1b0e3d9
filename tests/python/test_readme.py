"""The examples of the README are programs: they compile, run, and do what they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ingot
import pytest
from prefix import HEADERS, LIBRARIES
from sources import ROOT

README = (ROOT / "README.md").read_text()


def example(language):
    (code,) = re.findall(rf"```{language}\n(.*?)```", README, re.S)
    return code


@pytest.fixture
def folder(tmp_path):
    """Holds model.onnx, whose input is called x."""
    import onnx

    model = onnx.load(ROOT / "examples" / "digits" / "digits.onnx")
    for node in model.graph.node:
        node.input[:] = ["x" if name == "image" else name for name in node.input]
        node.output[:] = ["y" if name == "probabilities" else name for name in node.output]
    model.graph.input[0].name, model.graph.output[0].name = "x", "y"
    onnx.save(model, tmp_path / "model.onnx")
    return tmp_path


def test_cpp(folder):
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    code = example("cpp")
    assert len(code.strip().splitlines()) <= 16
    (folder / "example.cpp").write_text(code)
    command = [
        compiler,
        "-std=c++20",
        "-Wall",
        "-Werror",
        f"-I{HEADERS}",
        "example.cpp",
        "-o",
        "example",
    ]
    library = [f"-L{LIBRARIES}", "-lingot", f"-Wl,-rpath,{LIBRARIES}"]
    subprocess.run([*command, *library], cwd=folder, check=True)
    out = subprocess.run([folder / "example"], cwd=folder, check=True, capture_output=True, text=True).stdout
    assert re.fullmatch(r"class \d\n", out)


def test_python(folder):
    code = example("python") + "\nassert y.shape == (1, 10) and abs(y.sum() - 1) < 1e-4\n"
    environment = {**os.environ, "PYTHONPATH": str(Path(ingot.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)
    assert (folder / "model.ingot").is_file()
