#!/usr/bin/env python3
"""What Ingot computes on a GPU, checked in one go on a machine that needs no network, in two steps.

checks.py pack FOLDER [--build build]: after a build, brings together what the checks need, this file too.
checks.py run FOLDER --out DIR: on the machine with the GPU, all of it, side by side: kernels and steps
against the reference, the same under compute-sanitizer, every model and graph against the CPU, quantized
networks, streams, contexts at once, a full GPU. Kernels are compiled once for all of them. DIR/progress.txt
and rows of models are written as they come, DIR/checks.txt has at the end what each check said.
"""

import argparse
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared"
PROGRAMS = [
    "bin/ingot",
    "tests/cuda/cuda_kernels_gpu_test",
    "tests/cuda/cuda_streams_test",
    "tests/cuda/cuda_soak",
    "tests/steps/cuda_steps_test",
]
# The kernels' tests by how long they take, the longest first.
FAMILIES = ["HopperConv", "Conv", "Quantized", "Attention", "Depthwise"]
REST = "-" + ":".join(f"CudaKernels.{name}" for name in FAMILIES)
SHARDS = 16
SANITIZED = "--error-exitcode 9 --launch-timeout 300".split()
TOOLS = {"memcheck": ["--report-api-errors", "no"], "racecheck": []}
SOAKED = ["resnet18", "bert_base", "mobilenet_v2"]
QUANTIZED = ["resnet50", "mobilenet_v2", "bert_base"]
GROUPS = "weights,ops,models,graphs,quantized,soak,streams,memcheck,racecheck,full"


def collect(folder, build):
    (folder / "bin").mkdir()
    (folder / "lib").mkdir()
    for program in PROGRAMS:
        name = folder / "bin" / Path(program).name
        subprocess.run(["strip", "-o", name, build / program], check=True)
    (library,) = (f for f in build.rglob("libingot.so.0.*") if not f.is_symlink())
    subprocess.run(["strip", "-o", folder / "lib" / "libingot.so.0", library], check=True)
    shutil.copytree(HERE, folder / "bench" / "gpu", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "python" / "ingot").mkdir(parents=True)
    for name in ("quantize.py", "calibration.py"):
        shutil.copy(ROOT / "python" / "ingot" / name, folder / "python" / "ingot")
    shutil.copytree(SHARED / "graphs", folder / "graphs")
    wanted = ["*.onnx", "cases/*/manifest.json", "cases/*/input*.npy"]
    for file in (f for pattern in wanted for f in (SHARED / "models").glob(f"*/{pattern}")):
        target = folder / "models" / file.relative_to(SHARED / "models")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def pack(folder, build):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        collect(Path(work), build)
        with tarfile.open(folder / "checks.tar.xz", "w:xz", preset=2) as archive:
            archive.add(work, ".")
    shutil.copy(__file__, folder / "checks.py")
    print(f"{folder}: {(folder / 'checks.tar.xz').stat().st_size / 2**20:.1f} MiB")


def unpack(folder, to):
    with tarfile.open(folder / "checks.tar.xz") as file:
        file.extractall(to, filter="data")


class Checks:
    def __init__(self, folder, options):
        self.out, self.only, self.first = options.out, options.only.split(","), options.first
        self.begin = time.time()
        self.end = self.begin + options.seconds
        self.work = options.work or Path(tempfile.mkdtemp())
        self.folder = self.work / "pack"
        if not self.folder.exists():
            unpack(folder, self.folder)
        paths = [str(self.folder / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
        (self.work / "kernels").mkdir(exist_ok=True)
        self.env = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(paths)}
        self.env["INGOT_KERNEL_CACHE"] = str(self.work / "kernels")
        self.outcomes = []

    def program(self, name):
        return str(self.folder / "bin" / name)

    def call(self, name, command, **env):
        """Runs one check; what it says is written to a file of its own, and its outcome is noted."""
        begin, log = time.time(), self.work / f"{name}.txt"
        with open(log, "w") as to:
            try:
                code = subprocess.run(
                    [str(word) for word in command],
                    stdout=to,
                    stderr=subprocess.STDOUT,
                    env={**self.env, **env},
                    timeout=max(1, self.end - time.time()),
                ).returncode
            except subprocess.TimeoutExpired:
                code = "no end in time"
        if code == 0 and "[  PASSED  ] 0 tests" in log.read_text(errors="replace"):
            code = "nothing was run"
        self.note(name, code, time.time() - begin)

    def note(self, name, code, seconds):
        self.outcomes.append((name, code))
        at = time.time() - self.begin
        line = f"{'ok  ' if code == 0 else 'FAIL'} {name:28} {seconds:5.0f} s, at {at:4.0f}  {code or ''}"
        print(line, flush=True)
        with open(self.out / "progress.txt", "a") as to:
            to.write(line + "\n")

    def fill(self, name):
        if (self.work / "graphs" / f"{name}.onnx").exists():
            return
        words = [
            self.folder / "graphs" / "fill_weights.py",
            self.folder / "graphs",
            self.work / "graphs",
            name,
        ]
        self.call(f"weights of {name}", [sys.executable, *words])

    def ops(self, tool=None):
        """The op suite, or the same under a tool of compute-sanitizer; racecheck is slow: kernels alone."""
        before = [self.sanitizer, "--tool", tool, *SANITIZED, *TOOLS[tool]] if tool else []
        kind = tool or "ops"
        kernels = [(name, f"CudaKernels.{name}") for name in FAMILIES] + [("rest", REST)]
        out = []
        for name, test in kernels:
            words = [*before, self.program("cuda_kernels_gpu_test"), f"--gtest_filter={test}"]
            out.append(lambda n=name, w=words: self.call(f"{kind} kernels {n}", w))
        for i in range(SHARDS if tool != "racecheck" else 0):
            words, shard = [*before, self.program("cuda_steps_test")], f"{i}/{SHARDS}"
            out.append(lambda n=i, w=words, s=shard: self.call(f"{kind} steps {n}", w, INGOT_TEST_SHARD=s))
        return out

    def models(self, folder, precisions="fp32,fp16,bf16", jobs=4):
        words = [
            self.folder / "bench" / "gpu" / "models.py",
            folder,
            "--ingot",
            self.program("ingot"),
            "--precisions",
            precisions,
        ]
        words += ["--jobs", jobs, "--first", self.first, "--json", self.out / f"{folder.name}.jsonl"]
        self.call(f"all of {folder.name}", [sys.executable, *words])

    def quantized(self, kind):
        (self.work / kind).mkdir()
        for name in QUANTIZED:
            words = [self.folder / "python" / "ingot" / "quantize.py", self.work / "graphs" / f"{name}.onnx"]
            words += ["-o", self.work / kind / f"{name}.onnx", "--type", kind]
            words += ["--cache", self.folder / "bench" / "gpu" / "ranges" / f"{name}.json"]
            self.call(f"{kind} {name}", [sys.executable, *words])
        self.models(self.work / kind, kind)

    def soak(self, name):
        model = self.work / "graphs" / f"{name}.onnx"
        self.call(f"4 contexts {name}", [self.program("cuda_soak"), model, "4", "10000"])

    def full_gpu(self):
        """With all memory taken, a run has to say so: it ends, or goes on on the CPU."""
        begin, cuda = time.time(), ctypes.CDLL("libcuda.so.1")
        context, address, device = ctypes.c_void_p(), ctypes.c_uint64(), ctypes.c_int()
        cuda.cuInit(0)
        cuda.cuDeviceGet(ctypes.byref(device), 0)
        cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device)
        cuda.cuCtxSetCurrent(context)
        model = self.work / "graphs" / "resnet18.onnx"
        engine = self.work / "full.ingot"
        build = [self.program("ingot"), "build", model, "-o", engine, "--device", "cuda", "--level", "0"]
        self.call("full GPU: build before", build)
        size = 1 << 36
        while size >= 1 << 21:
            if cuda.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(size)) != 0:
                size >>= 1
        run = [self.program("ingot"), "run", engine]
        done = subprocess.run(run, env=self.env, capture_output=True, text=True, timeout=120)
        said = done.stdout + done.stderr
        (self.work / "full GPU.txt").write_text(said)
        told = done.returncode in (0, 1) and "out of memory" in said
        self.note("full GPU", 0 if told else f"returned {done.returncode}", time.time() - begin)
        cuda.cuDevicePrimaryCtxRelease_v2(device)

    def run(self):
        self.call("devices", [self.program("ingot"), "inspect", "--devices"])
        print((self.work / "devices.txt").read_text())
        self.sanitizer = shutil.which("compute-sanitizer") or shutil.which(
            "compute-sanitizer", path="/usr/local/cuda/bin"
        )
        if not self.sanitizer:
            print("compute-sanitizer is not here: neither memory nor races are checked")
        # In this order, as processors get free: what the sanitizer runs was compiled before.
        jobs = [
            ("models", [lambda: self.models(self.folder / "models", jobs=6)]),
            ("ops", self.ops()),
            ("streams", [lambda: self.call("streams", [self.program("cuda_streams_test")])]),
            ("graphs", [lambda: self.models(self.work / "graphs")]),
            ("quantized", [lambda: self.quantized("int8"), lambda: self.quantized("fp8")]),
            ("soak", [lambda name=name: self.soak(name) for name in SOAKED]),
            *((tool, self.ops(tool)) for tool in TOOLS if self.sanitizer),
        ]
        filled = ("graphs", "quantized", "soak")  # need the graphs' weights
        with ThreadPoolExecutor(8 + (os.cpu_count() or 8)) as pool:
            graphs = sorted(path.stem for path in (self.folder / "graphs").glob("*.onnx"))
            wanted = any(group in self.only for group in ("weights", "full", *filled))
            filling = [pool.submit(self.fill, name) for name in graphs if wanted]

            def after_filling(job):
                for one in filling:
                    one.result()
                job()

            running = []
            for group, some in jobs:
                for job in some if group in self.only else []:
                    running.append(pool.submit(after_filling, job) if group in filled else pool.submit(job))
            for job in running:
                job.result()
        if "full" in self.only and time.time() < self.end:
            self.full_gpu()

    def report(self):
        failed = [name for name, code in self.outcomes if code != 0]
        with open(self.out / "checks.txt", "a") as to:
            for name, code in self.outcomes:
                to.write(f"==== {name}: {'ok' if code == 0 else code}\n")
                to.write((self.work / f"{name}.txt").read_text(errors="replace")[-400000:] + "\n")
            to.write(f"{len(self.outcomes)} checks, {len(failed)} failed: {', '.join(failed)}\n")
        for found in sorted(self.out.glob("*.jsonl")):
            rows = [json.loads(line) for line in found.read_text().splitlines()]
            bad = [row for row in rows if "error" in row or row.get("failed")]
            print(f"{found.stem}: {len(rows)} rows, {len(bad)} failed")
            for row in bad:
                print("  ", row["model"], row.get("precision"), row.get("error", row.get("error_of")))
        kept = list((self.work / "kernels").iterdir())
        print(f"{len(kept)} kernels compiled")
        print(f"{len(self.outcomes)} checks, {len(failed)} failed: {', '.join(failed)}")
        return bool(failed)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["pack", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--out", type=Path, default=Path("."))
    parser.add_argument("--work", type=Path, help="folder for what is unpacked, drawn and compiled")
    parser.add_argument("--seconds", type=float, default=900, help="after which checks are ended")
    parser.add_argument("--only", default=GROUPS)
    parser.add_argument("--first", default="", help="models and graphs that come first")
    o = parser.parse_args()
    if o.step == "pack":
        return pack(o.folder, o.build)
    o.out.mkdir(parents=True, exist_ok=True)
    checks = Checks(o.folder, o)
    try:
        checks.run()
    finally:
        failed = checks.report()
    return failed


if __name__ == "__main__":
    sys.exit(main())
