#!/usr/bin/env python3
"""Programs written for TensorRT on a machine with a GPU and no network, in two steps.

tensorrt_programs.py pack FOLDER: with a network, after ./dev bundle: everything that the tests need there.
tensorrt_programs.py run FOLDER --out DIR: there, from the same checkout: unpacks it and runs tests/tensorrt
against the GPU, side by side, and then what a call through TensorRT's interface costs. What the tests say is
in DIR/tests.txt, the costs are in DIR/overhead.txt. With --without, packs stay small: what only those tests
need is left out, and so are they.
"""

import argparse
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
BENCH = ROOT / "build" / "bench" / "bench_tensorrt"
WHEELS = [
    "tensorrt-cu13-bindings==10.16.1.11",
    "tensorrt-cu13-bindings==11.1.0.106",
    "polygraphy==0.53.6",
    "onnx-graphsurgeon==0.6.1",
    "torch-tensorrt==2.14.0",
]
TOOLS = ["pytest==9.2.0", "pytest-xdist==3.8.0", "execnet", "iniconfig", "packaging", "pluggy", "pygments"]
ONNXRUNTIME = "onnxruntime-gpu==1.31.1"
GRAPHS = ["resnet50", "bert_base", "fcn_resnet101", "mobilenet_v2"]
MODELS = [
    "mnist/mnist-8",
    "cifar10-cnn/cifar10_cnn",
    "magika/model",
    "yunet/face_detection_yunet_120x160",
    "dtln/dtln_model_1",
    "control-flow-toy/polygraphy_loop",
]
TESTS = [  # the longest come first
    "tutorials",
    "modules",
    "polygraphy",
    "onnxruntime",
    "trtexec",
    "programs",
    "gpu",
    "gpu_interface",
    "torch_tensorrt",
    "exec",
]
ALONE = {"onnxruntime": None, "torch_tensorrt": "torch-tensorrt"}  # what only these tests need


def download(folder, python, *wheels):
    platforms = [f"--platform=manylinux_2_{n}_x86_64" for n in (39, 34, 31, 28, 27, 17)]
    target = ["--python-version", python, "--implementation", "cp", "--only-binary=:all:", *platforms]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", *target, "-d", folder, *wheels]
    subprocess.run(command, check=True)


def without_kernels(library):
    """The library's CUDA kernels, nearly all of its size, become empty fat binaries: the TensorRT provider
    uses its memory and its streams only."""
    data = bytearray(library.read_bytes())
    (table,) = struct.unpack_from("<Q", data, 0x28)
    entry, count, names = struct.unpack_from("<HHH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQ", data, table + i * entry) for i in range(count)]
    text = sections[names][4]
    for name, _, _, _, offset, size in sections:
        if not data[text + name :].startswith(b".nv_fatbin\0"):
            continue
        at = offset
        while (at := data.find(b"\x50\xed\x55\xba", at, offset + size)) >= 0:  # 16 bytes, the size at 8
            (length,) = struct.unpack_from("<Q", data, at + 8)
            struct.pack_into("<Q", data, at + 8, 0)
            data[at + 16 : at + 16 + length] = bytes(length)
            at += 16
    library.write_bytes(data)


def pack_onnxruntime(folder, python):
    with tempfile.TemporaryDirectory() as work:
        download(work, python, ONNXRUNTIME)
        (wheel,) = Path(work).glob("*.whl")
        with zipfile.ZipFile(wheel) as file:
            file.extractall(work)
        package = Path(work) / "onnxruntime"
        without_kernels(package / "capi" / "libonnxruntime_providers_cuda.so")
        for library in package.glob("capi/libonnxruntime.so*"):  # the Python module has its own
            library.unlink()
        with tarfile.open(folder / "onnxruntime.tar.xz", "w:xz") as archive:
            archive.add(package, "onnxruntime")


def pack(folder, python, python8, without):
    bundles = sorted((ROOT / "dist").glob("ingot-*-linux-x86_64.tar.xz"))
    if not bundles:
        sys.exit("there is no bundle in dist/: ./dev bundle makes it")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("graphs", "models"):
        (folder / "shared" / name).mkdir(parents=True)
    shutil.copy(bundles[-1], folder / "ingot.tar.xz")
    subprocess.run(["strip", "-o", folder / BENCH.name, BENCH], check=True)
    download(folder / "wheels", python, *TOOLS)
    for wheel in WHEELS:  # one by one: two versions of a package are among them
        if not any(wheel.startswith(ALONE.get(name) or "-") for name in without):
            download(folder / "wheels", python, wheel)
    for name in [f"{g}.{kind}" for g in GRAPHS for kind in ("onnx", "json")] + ["fill_weights.py"]:
        shutil.copy(SHARED / "graphs" / name, folder / "shared" / "graphs")
    for name in MODELS:
        target = folder / "shared" / "models" / f"{name}.onnx"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(SHARED / "models" / f"{name}.onnx", target)
    if "onnxruntime" not in without:
        pack_onnxruntime(folder, python)
    if python8:
        shutil.copy(python8, folder / "python8.tar.xz")
        download(folder / "wheels", "3.11", "tensorrt-bindings==8.6.1")
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"{folder}: {size / 2**20:.1f} MiB")


def model_path(name):
    sys.path.insert(0, str(ROOT / "bench"))
    import graphs  # needs onnx, which the other machine has

    return graphs.model_path(name)


def run(folder, out, seconds, without):
    folder, work = folder.resolve(), Path(tempfile.mkdtemp())
    for archive in folder.glob("*.tar.xz"):
        with tarfile.open(archive) as file:
            file.extractall(work, filter="data")
    (prefix,) = work.glob("ingot-*")
    if not SHARED.exists():
        SHARED.symlink_to(folder / "shared")
    environment = {
        **os.environ,
        "INGOT_PREFIX": str(prefix),
        "ONNXRUNTIME_GPU": str(work),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder / "wheels"),
        "PYTHONPATH": str(work / "tools"),
        "INGOT_KERNEL_CACHE": str(work / "kernels"),  # each is compiled once
        "NVIDIA_TF32_OVERRIDE": "0",  # what is compared with onnxruntime is float32
    }
    if (python8 := work / "python8" / "bin" / "python3.11").exists():
        environment["INGOT_TEST_PYTHON_8"] = str(python8)
    install = ["-m", "pip", "install", "-q", "--no-deps", "--target", work / "tools"]
    subprocess.run([sys.executable, *install, *TOOLS], env=environment, check=True)
    subprocess.run([prefix / "bin" / "ingot", "inspect", "--devices"])
    with ThreadPoolExecutor() as pool:  # weights are drawn before tests that run side by side want them
        models = dict(zip(GRAPHS, pool.map(model_path, GRAPHS), strict=True))
    tests = [str(ROOT / "tests" / "tensorrt" / f"test_{name}.py") for name in TESTS if name not in without]
    command = ["timeout", "-s", "INT", str(seconds), sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
               "-n", str(min(os.cpu_count(), 12)), "--maxschedchunk=1", "-v", "-rA", "--tb=short",
               "--durations=10", "--full-size", *tests]  # fmt: skip
    with open(out / "tests.txt", "w") as log:
        to = {"stdout": log, "stderr": subprocess.STDOUT}
        code = subprocess.run(command, cwd=ROOT, env=environment, **to).returncode
    lines = (out / "tests.txt").read_text().splitlines()
    print("\n".join(line for line in lines if line.startswith(("FAILED", "ERROR", "SKIPPED", "=="))))
    environment["LD_LIBRARY_PATH"] = f"{prefix / 'lib'}:{prefix / 'lib' / 'tensorrt-10'}"
    (folder / BENCH.name).chmod(0o755)
    with open(out / "overhead.txt", "w") as log:
        for words in (["call"], ["call", models["mobilenet_v2"]], ["build", models["resnet50"], "2"]):
            log.write(f"{' '.join(Path(w).name for w in words)}\n")
            log.flush()
            to = {"stdout": log, "stderr": log}
            subprocess.run(["timeout", "60", folder / BENCH.name, *words], env=environment, **to)
    print((out / "overhead.txt").read_text())
    return code


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["pack", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default="3.12", help="that of the other machine (default 3.12)")
    parser.add_argument(
        "--python8",
        type=Path,
        help="for TensorRT 8: archive of python8/, a Python 3.11 with numpy, pip, PyCUDA, onnx, onnxruntime, "
        "cuda-bindings",
    )
    parser.add_argument("--out", type=Path, default=Path("."), help="for what the tests say")
    parser.add_argument("--seconds", type=int, default=210, help="after which the tests are interrupted")
    parser.add_argument("--without", nargs="+", default=[], choices=ALONE, help="tests to leave out")
    options = parser.parse_args()
    if options.step == "pack":
        return pack(options.folder, options.python, options.python8, options.without)
    options.out.mkdir(parents=True, exist_ok=True)
    return run(options.folder, options.out, options.seconds, options.without)


if __name__ == "__main__":
    sys.exit(main())
