"""`ingot exec`: programs find the libraries and modules that they ask for, and are told what is missing."""

import os
import shutil
import subprocess

import modules
import pytest

NAME_OF_THE_RUN = "import sys, tensorrt; print(tensorrt.__version__, *sys.argv[1:])"


def python(code, *arguments, **options):
    interpreter = modules.python(options.get("bindings", ""))
    return modules.execute(interpreter, "-c", code, *arguments, **options)


@pytest.mark.parametrize("major", modules.WHEELS)
@pytest.mark.parametrize("chosen", [True, False])
def test_bindings_find_their_libraries(major, chosen):
    said = python(NAME_OF_THE_RUN, "--help", "x y", major=major if chosen else "", bindings=major)
    assert said.startswith(f"{major}.") and said.endswith(" --help x y\n")


def test_module_is_the_bindings_own():
    code = "import tensorrt as t, tensorrt_bindings as b, tensorrt_libs; print(t.Logger is b.Logger, t is b)"
    assert python(code, bindings="10") == "True True\n"


def test_bindings_of_another_major():
    said = python(NAME_OF_THE_RUN, major="8", bindings="10", passes=False)
    assert "want another TensorRT than 8" in said and "--tensorrt N" in said


@pytest.mark.parametrize("package", ["tensorrt_bindings", "tensorrt"])
def test_nvidias_libraries_stay_out(package, tmp_path):
    """Where all of NVIDIA's package is installed, in either form, its libraries lie beside the bindings."""
    shutil.copytree(modules.module("8") / "tensorrt_bindings", tmp_path / package)
    libs = tmp_path / "tensorrt_libs"
    libs.mkdir()
    (libs / "__init__.py").write_text("raise AssertionError('NVIDIA')")
    for name in ("nvinfer", "nvinfer_plugin", "nvonnxparser", "nvparsers"):
        library = f"lib{name}.so.8"
        command = ["g++", "-shared", "-x", "c", os.devnull, "-o", libs / library, f"-Wl,-soname,{library}"]
        subprocess.run(command, check=True)
    said = modules.execute(modules.python("8"), "-c", NAME_OF_THE_RUN, packages=[tmp_path])
    assert said.startswith("8.")


@pytest.mark.parametrize(
    ("major", "wheel"), [("", "'tensorrt-cu13-bindings>=10,<11'"), ("8", "'tensorrt-bindings==8.6.1'")]
)
def test_no_bindings(major, wheel):
    said = python(NAME_OF_THE_RUN, major=major, passes=False)
    assert f"pip install --no-deps {wheel}" in said and "ModuleNotFoundError" in said


def test_trtexec_is_on_the_path():
    said = modules.execute("trtexec", "--help", env={**os.environ, "INGOT_TENSORRT": "8"})
    assert said.startswith("trtexec on Ingot")
    model = modules.ROOT / "examples" / "digits" / "digits.onnx"
    said = modules.execute("trtexec", f"--onnx={model}", "--buildOnly", "--builderOptimizationLevel=0")
    assert "[TensorRT v1016" in said.splitlines()[0]


def test_environment_of_the_program():
    environment = {**os.environ, "LD_LIBRARY_PATH": "/first:/second", "PYTHONPATH": "/third"}
    said = modules.execute("env", major="10", env=environment)
    values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    lib = modules.prefix() / "lib"
    assert values["INGOT_TENSORRT"] == "10"
    assert values["LD_LIBRARY_PATH"].split(":")[0] == str(lib / "tensorrt-10")
    assert values["LD_LIBRARY_PATH"].endswith(":/first:/second") and values["PYTHONPATH"].endswith(":/third")
    assert str(lib / "tensorrt-8") not in values["LD_LIBRARY_PATH"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "expected a program"),
        (("no-such-program",), "no-such-program cannot be run: No such file"),
        (("--tensorrt", "9", "env"), "9 not in {8,10,11}"),
        (("--tensort", "8", "env"), "unknown option --tensort"),
    ],
)
def test_refusals(words, reason):
    result = subprocess.run([modules.program("ingot"), "exec", *words], capture_output=True, text=True)
    assert result.returncode == 1 and reason in result.stdout + result.stderr


def test_status_is_the_programs_own():
    result = subprocess.run([modules.program("ingot"), "exec", "sh", "-c", "exit 7"])
    assert result.returncode == 7
