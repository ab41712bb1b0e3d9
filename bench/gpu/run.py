#!/usr/bin/env python3
"""run.py --bundle DIR --graphs DIR --out DIR: Ingot on this machine's GPU, tested and timed in one go.

The bundle holds bin/ingot and lib/; the graphs are ONNX files. Every row is checked against onnxruntime in
float32 on the host and timed beside PyTorch on the same graph shapes where a peer is asked for.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROWS = {  # name: (model, input shapes)
    "resnet18_b1": ("resnet18", {"input": (1, 3, 224, 224)}),
    "resnet50_b1": ("resnet50", {"input": (1, 3, 224, 224)}),
    "resnet50_b8": ("resnet50", {"input": (8, 3, 224, 224)}),
    "resnet50_b32": ("resnet50", {"input": (32, 3, 224, 224)}),
    "resnet50_b128": ("resnet50", {"input": (128, 3, 224, 224)}),
    "mobilenet_v2_b1": ("mobilenet_v2", {"input": (1, 3, 224, 224)}),
    "mobilenet_v2_b128": ("mobilenet_v2", {"input": (128, 3, 224, 224)}),
    "efficientnet_b0_b1": ("efficientnet_b0", {"input": (1, 3, 224, 224)}),
    "efficientnet_b0_b32": ("efficientnet_b0", {"input": (32, 3, 224, 224)}),
    "vit_b_16_b1": ("vit_b_16", {"input": (1, 3, 224, 224)}),
    "vit_b_16_b32": ("vit_b_16", {"input": (32, 3, 224, 224)}),
    "bert_base_1x128": (
        "bert_base",
        {n: (1, 128) for n in ("input_ids", "attention_mask", "token_type_ids")},
    ),
    "bert_base_32x128": (
        "bert_base",
        {n: (32, 128) for n in ("input_ids", "attention_mask", "token_type_ids")},
    ),
    "bert_base_8x384": (
        "bert_base",
        {n: (8, 384) for n in ("input_ids", "attention_mask", "token_type_ids")},
    ),
    "fcn_resnet101": ("fcn_resnet101", {"input": (1, 3, 1026, 1282)}),
}
PRECISIONS = {"fp32": ["--no-tf32"], "tf32": [], "fp16": ["--fp16"], "bf16": ["--bf16"]}


class Runner:
    def __init__(self, options):
        self.o = options
        self.env = dict(
            os.environ, LD_LIBRARY_PATH=f"{options.bundle}/lib:" + os.environ.get("LD_LIBRARY_PATH", "")
        )
        self.ingot = f"{options.bundle}/bin/ingot"
        self.references = {}

    def call(self, *args, limit=75):
        begin = time.time()
        done = subprocess.run(
            [self.ingot, *args], env=self.env, capture_output=True, text=True, timeout=limit
        )
        return done.returncode, done.stdout + done.stderr, time.time() - begin

    def feeds(self, shapes):
        rng = np.random.default_rng(7)
        out = {}
        for name, dims in shapes.items():
            if name == "input_ids":
                out[name] = rng.integers(0, 20000, dims)
            elif name == "attention_mask":
                out[name] = np.ones(dims, np.int64)
            elif name == "token_type_ids":
                out[name] = np.zeros(dims, np.int64)
            else:
                out[name] = rng.standard_normal(dims).astype(np.float32)
        return out

    def reference(self, row):
        """The outputs by onnxruntime on the host, in float32."""
        if row not in self.references:
            import onnxruntime

            model, shapes = ROWS[row]
            session = onnxruntime.InferenceSession(
                f"{self.o.graphs}/{model}.onnx", providers=["CPUExecutionProvider"]
            )
            feeds = self.feeds(shapes)
            names = [v.name for v in session.get_outputs()]
            self.references[row] = (feeds, dict(zip(names, session.run(None, feeds), strict=True)))
        return self.references[row]

    def shape_options(self, row):
        """The shape as the only one of a profile: the batch stays a symbol, as it is in a service."""
        shapes = ",".join(f"{n}:{'x'.join(map(str, d))}" for n, d in ROWS[row][1].items())
        if self.o.fixed or not row.startswith("vit"):
            return ["--shapes", shapes]
        return ["--min-shapes", shapes, "--opt-shapes", shapes, "--max-shapes", shapes]

    def row(self, row, precision):
        model, _ = ROWS[row]
        work = Path(self.o.out) / "work"
        work.mkdir(parents=True, exist_ok=True)
        engine = str(work / f"{row}_{precision}.ingot")
        result = {"row": row, "precision": precision}
        code, text, seconds = self.call(
            "build",
            f"{self.o.graphs}/{model}.onnx",
            "-o",
            engine,
            "--device",
            "cuda",
            "--level",
            self.o.level,
            *self.shape_options(row),
            "--timing-cache",
            f"{work}/timings",
            *PRECISIONS[precision],
        )
        result["build_s"] = round(seconds, 1)
        if code != 0:
            return result | {"error": text[-600:]}
        result["engine_mb"] = round(os.path.getsize(engine) / 2**20, 1)
        result |= self.accuracy(row, engine, work)
        if "error" not in result:
            result |= self.timing(engine)
        if self.o.peers and precision == "fp16" and "error" not in result:
            result |= self.peer(row)
            result["again_ms"] = self.timing(engine).get(
                "gpu_ms"
            )  # A B A: the machine may have changed meanwhile
        os.remove(engine)
        return result

    def peer(self, row):
        import peers

        model, shapes = ROWS[row]
        return {"eager_graph_ms": round(peers.eager_graph_ms(model, shapes), 4)}

    def accuracy(self, row, engine, work):
        if row.split("_b")[-1] in ("128",) and not self.o.large_references:
            return {}
        feeds, expected = self.reference(row)
        args = []
        for name, array in feeds.items():
            np.save(work / f"{name}.npy", array)
            args += ["--input", f"{name}={work}/{name}.npy"]
        code, text, _ = self.call("run", engine, *args, "--output-dir", str(work / "y"))
        if code != 0:
            return {"error": text[-600:]}
        worst = 0.0
        for name, y in expected.items():
            got = np.load(work / "y" / f"{name}.npy").astype(np.float64)
            worst = max(worst, np.linalg.norm(got - y) / max(np.linalg.norm(y), 1e-30))
            if not np.isfinite(got).all():
                worst = float("nan")
        return {"rel_error": float(f"{worst:.3g}")}

    def timing(self, engine):
        code, text, _ = self.call("bench", engine, "--duration", "0.2", "--warmup", "3", "--json", "-")
        if code != 0:
            return {"error": text[-600:]}
        report = json.loads(text[text.index("{") :])
        layers = report.pop("layers")
        gpu = report["gpu_ms"]
        floor = sum(max(layer["flops"] / 790e12, layer["bytes"] / 4.3e12) for layer in layers) * 1e3
        floor2 = sum(max(layer["flops"] / 790e12, layer["bytes"] / 4.3e12, 2.2e-6) for layer in layers) * 1e3
        return {
            "gpu_ms": round(gpu["median"], 4),
            "kernels": gpu["kernels"],
            "host_ms": round(report["latency_ms"]["median"], 3),
            "R": round(floor, 4),
            "R2": round(floor2, 4),
            "on_host": sorted({layer["kernel"] for layer in layers if layer["op"] == "eval"}),
            "slowest": [
                (layer["name"][:40], layer["kernel"], round(layer["ms"], 4))
                for layer in sorted(layers, key=lambda layer: -layer["ms"])[: self.o.slowest]
            ],
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--graphs", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--rows", default="resnet18_b1,resnet50_b1")
    parser.add_argument("--precisions", default="fp32,fp16")
    parser.add_argument("--level", default="3")
    parser.add_argument("--slowest", type=int, default=8)
    parser.add_argument("--fixed", action="store_true", help="fixed shapes for all rows")
    parser.add_argument("--peers", action="store_true", help="PyTorch in the same run")
    parser.add_argument("--large-references", action="store_true")
    options = parser.parse_args()
    runner, results = Runner(options), []
    for row in options.rows.split(","):
        for precision in options.precisions.split(","):
            try:
                result = runner.row(row, precision)
            except Exception as error:  # one row must not cost the others
                result = {"row": row, "precision": precision, "error": repr(error)[-600:]}
            results.append(result)
            print(json.dumps(result), flush=True)
            Path(options.out, "results.json").write_text(json.dumps(results, indent=1))
    sys.exit(any("error" in r for r in results))


if __name__ == "__main__":
    main()
