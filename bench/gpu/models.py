#!/usr/bin/env python3
"""models.py --ingot BIN FOLDER...: every ONNX file below the folders on the GPU, against the CPU in float32.

Each model runs on its first stored case (cases/*/manifest.json beside it), or else on random inputs, in
float32 (no TF32), float16 and bfloat16 (int8 and fp8: models with quantizers, which the CPU computes in
floats); a line says how far its outputs are from the CPU's (detections are judged by what they are chosen
from), and which ops ran on the host. The last line counts what failed.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import onnx

PRECISIONS = {
    "fp32": ["--no-tf32"],
    "fp16": ["--fp16"],
    "bf16": ["--bf16"],
    "int8": ["--int8", "--fp16"],
    "fp8": ["--fp8", "--fp16"],
}
# Of the norm of the difference against that of the result. float32 is held to each element besides.
LIMITS = {"fp32": 1e-3, "fp16": 1e-2, "bf16": 0.15, "int8": 6e-2, "fp8": 0.1}


def stored_inputs(model):
    """Files of a model's first case; where there are several models, cases begin with the name of theirs."""
    models = [path.stem for path in model.parent.glob("*.onnx")]
    for case in sorted(path.parent for path in model.parent.glob("cases/*/manifest.json")):
        rows = json.loads((case / "manifest.json").read_text())["inputs"]
        parts = case.name.split("-")
        starts = ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
        named = [name for start in starts for name in sorted(models, key=len) if start in name]
        if rows and (named or models)[0] == model.stem:
            return {name: case / file for name, file, *_ in rows}
    return {}


def made_inputs(model, folder):
    """Random numbers; integers are ids of tokens, masks, or else 0, which is an index in range everywhere."""
    graph = onnx.load(model, load_external_data=False).graph
    rng, constants, files = np.random.default_rng(7), {i.name for i in graph.initializer}, {}
    for number, value in enumerate(v for v in graph.input if v.name not in constants):
        tensor = value.type.tensor_type
        dims = [2, 4, 4]
        if tensor.HasField("shape"):
            dims = [max(d.dim_value, 0) or (64 if i else 1) for i, d in enumerate(tensor.shape.dim)]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if np.issubdtype(dtype, np.floating) and len(dims) == 4:  # a picture: noise is none
            y, x = np.mgrid[: dims[2], : dims[3]] / max(dims[2:])
            waves = [np.sin(rng.uniform(3, 20) * x + rng.uniform(3, 20) * y + c) for c in range(dims[1])]
            array = (np.stack(waves)[None] / 2 + 0.5 + 0.02 * rng.random(dims)).astype(dtype)
            if "Image" in value.name:  # of bytes
                array = np.round(array * 255)
        elif np.issubdtype(dtype, np.floating):
            array = rng.random(dims).astype(dtype)
        elif value.name.endswith("ids") and "type" not in value.name:
            array = rng.integers(0, 1000, dims).astype(dtype)
        else:
            array = np.full(dims, "mask" in value.name, dtype)
        files[value.name] = folder / f"input{number}.npy"
        np.save(files[value.name], array)
    return files


def is_narrow(model):
    """Whether the model itself computes in float16."""
    graph = onnx.load(model, load_external_data=False).graph
    return any(i.data_type == onnx.TensorProto.FLOAT16 for i in graph.initializer)


def with_scores(path, to):
    """The model with what detections are chosen from as further outputs, and their names; None where it
    chooses none. Of random weights, scores are alike: the last bit of one decides which boxes are chosen."""
    if b"NonMaxSuppression" not in path.read_bytes():
        return None
    model = onnx.load(path)
    makes = {name: node for node in model.graph.node for name in node.output}
    chosen, found = set(), []
    for node in model.graph.node:
        if node.op_type in ("NonZero", "TopK", "NonMaxSuppression", "If") or not chosen.isdisjoint(
            node.input
        ):
            if node.op_type in ("GatherND", "TopK"):
                data = node.input[0]
                while data in makes and makes[data].op_type in (
                    "Gather",
                    "Slice",
                    "Split",
                    "Squeeze",
                    "Reshape",
                ):
                    data = makes[data].input[0]
                if not chosen.intersection(makes[data].output) and data not in found:
                    found.append(data)
            chosen.update(node.output)
    for name in found:
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    onnx.save(model, to)
    return found


def outputs(folder):
    return {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}


def difference(got, expected, precision):
    """The relative error of an output, and whether it is too much."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return float("inf"), True
    if got.size == 0:
        return 0.0, False
    if not np.issubdtype(got.dtype, np.floating):
        wrong = float(np.mean(got != expected))
        return wrong, wrong > (0 if precision == "fp32" else 0.02)
    x, y = got.astype(np.float64), expected.astype(np.float64)
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    error = np.where(same, 0, x - y)
    size = np.linalg.norm(np.where(np.isfinite(y), y, 0))
    norm = float(
        np.linalg.norm(error) / max(size, 1e-3 * np.sqrt(y.size))
    )  # what is next to nothing may be 0
    far = precision == "fp32" and bool(
        np.any(np.abs(error) > 1e-3 * np.abs(y) + 1e-4 * max(1.0, np.abs(y).max()))
    )
    return norm, not np.isfinite(norm) or norm > LIMITS[precision] or far


class Runner:
    def __init__(self, options):
        self.o = options

    def call(self, *words):
        done = subprocess.run(
            [self.o.ingot, *map(str, words)], capture_output=True, text=True, timeout=self.o.limit
        )
        if done.returncode != 0:
            raise RuntimeError((done.stdout + done.stderr).strip()[-400:])
        return done.stdout

    def model(self, path):
        rows = []
        with tempfile.TemporaryDirectory() as work:
            work = Path(work)
            try:
                files = stored_inputs(path) or made_inputs(path, work)
                judged = with_scores(path, work / path.name)
                model = work / path.name if judged else path
                given = [word for name, file in files.items() for word in ("--input", f"{name}={file}")]
                dims = {name: np.load(file).shape for name, file in files.items()}
                shapes = [f"{name}:{'x'.join(map(str, d))}" for name, d in dims.items() if d]
                shapes = ["--shapes", ",".join(shapes)] if shapes else []
                run = ["run", model, "--level", 0, *given, "--output-dir", work / "cpu"]
                try:
                    self.call(*run, *shapes)
                except RuntimeError:  # a branch that is not taken may not bear the dims
                    shapes = []
                    self.call(*run)
                narrow = is_narrow(path)
                expected = outputs(work / "cpu")
            except Exception as error:
                return [{"model": path.stem, "error": f"on the CPU: {error}"}]
            for precision in self.o.precisions.split(","):
                row = {"model": path.stem, "precision": precision}
                rows.append(row)
                try:
                    engine = work / f"{precision}.ingot"
                    flags = ["--device", "cuda", "--level", 0, *shapes, *PRECISIONS[precision]]
                    report = work / "report.json"
                    self.call("build", model, "-o", engine, "--json", report, *flags)
                    steps = json.loads(report.read_text())["plans"][0]["steps"]
                    row["host"] = sorted({s["kernel"] for s in steps if s["op"] == "eval"})
                    self.call("run", engine, *given, "--output-dir", work / precision)
                    got = outputs(work / precision)
                    held_to = "fp16" if narrow and precision == "fp32" else precision
                    worst = {n: difference(got[n], expected[n], held_to) for n in expected}
                    row["error_of"] = {n: float(f"{e:.2g}") for n, (e, _) in worst.items()}
                    other = [n for n, e in expected.items() if got[n].shape != e.shape]
                    if other:
                        row["shapes"] = {n: [got[n].shape, expected[n].shape] for n in other}
                    named = [re.sub(r"[^A-Za-z0-9.-]", "_", name) for name in judged or worst]
                    row["worst"] = max((worst[name][0] for name in named), default=0.0)
                    row["failed"] = bool(other) or any(worst[name][1] for name in named)
                except Exception as error:
                    row["error"] = str(error)
        return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="or files")
    parser.add_argument(
        "--first", default="", help="names of models, with commas, that come before the others"
    )
    parser.add_argument("--ingot", default="build/bin/ingot")
    parser.add_argument("--precisions", default="fp32,fp16,bf16")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--limit", type=float, default=240, help="seconds for one build or run")
    parser.add_argument("--json", type=Path, help="writes all rows, each as it comes")
    options = parser.parse_args()
    runner = Runner(options)
    paths = [
        p for folder in options.folders for p in ([folder] if folder.is_file() else folder.rglob("*.onnx"))
    ]
    first = options.first.split(",")
    paths.sort(key=lambda p: (p.stem not in first, -p.stat().st_size))
    rows, failed = 0, 0
    if options.json:
        options.json.write_text("")
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(runner.model, path) for path in paths]):
            for row in done.result():
                rows, failed = rows + 1, failed + ("error" in row or bool(row.get("failed")))
                print(json.dumps(row), flush=True)
                if options.json:
                    with open(options.json, "a") as to:
                        to.write(json.dumps(row) + "\n")
    print(f"{rows} runs of {len(paths)} models, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
