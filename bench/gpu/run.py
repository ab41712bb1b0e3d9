#!/usr/bin/env python3
"""run.py --bundle DIR --graphs DIR --out DIR: Ingot on this machine's GPU, checked and timed beside PyTorch.

The bundle holds bin/ingot and lib/; the graphs are ONNX files. A row is NAME:PRECISION, or NAME for fp16.
Every row is compared with onnxruntime in float32 on the host, and timed in turns with its peers: Ingot, eager
PyTorch in a CUDA graph, torch.compile (peer_process.py names its two ways) where asked for, Ingot again.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from peer_process import Peer, get_ready

from engine import Engine

BERT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def images(model, *batches):
    return {f"{model}_b{n}": (model, {"input": (n, 3, 224, 224)}) for n in batches}


def tokens(*shapes):
    return {f"bert_base_{b}x{s}": ("bert_base", {n: (b, s) for n in BERT_INPUTS}) for b, s in shapes}


ROWS = {  # name: (model, input shapes)
    **images("resnet18", 1),
    **images("resnet50", 1, 8, 32, 128),
    **images("mobilenet_v2", 1, 128),
    **images("efficientnet_b0", 1, 32),
    **images("vit_b_16", 1, 32),
    **tokens((1, 128), (32, 128), (8, 384)),
    "fcn_resnet101": ("fcn_resnet101", {"input": (1, 3, 1026, 1282)}),
}
PRECISIONS = {
    "fp32": ["--no-tf32"],
    "tf32": [],
    "fp16": ["--fp16"],
    "bf16": ["--bf16"],
    "int8": ["--fp16", "--int8"],
    "fp8": ["--fp16", "--fp8"],
}
FIRST_LAYERS = {"resnet50": "node_Conv_754"}  # of an image, which stay in float16
WAYS = ("eager", "compile", "library")
HERE = Path(__file__).resolve().parent


def precision_of(name):
    return (name + ":fp16").split(":")[1]


def classifies(row):
    return row.startswith(("resnet", "mobilenet", "efficientnet", "vit"))


class Runner:
    def __init__(self, options):
        self.o = options
        libraries = [f"{options.bundle}/lib", os.environ.get("LD_LIBRARY_PATH", "")]
        self.env = dict(os.environ, LD_LIBRARY_PATH=":".join(libraries))
        self.work = Path(options.out) / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.references = {}

    def call(self, *args, limit=120, env=None):
        begin, words = time.time(), [f"{self.o.bundle}/bin/ingot", *args]
        done = subprocess.run(
            words, env=env or self.env, capture_output=True, text=True, timeout=limit, check=False
        )
        if done.returncode != 0:
            raise RuntimeError((done.stdout + done.stderr)[-600:])
        return done.stdout, time.time() - begin

    def peer(self, name, way):
        row, precision = name.split(":")[0], precision_of(name)
        model, shapes = ROWS[row]
        return Peer(model, way, precision, shapes, self.work / way / f"{row}_{precision}")

    def feeds(self, row):
        rng = np.random.default_rng(7)
        out = {}
        for name, dims in ROWS[row][1].items():
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
        """Inputs, and outputs by onnxruntime in float32; of a classifier the same images for all rows."""
        import onnxruntime

        model = ROWS[row][0]
        key = model if classifies(row) else row
        if key not in self.references:
            path = f"{self.o.graphs}/{model}.onnx"
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            names = [v.name for v in session.get_outputs()]
            if classifies(row):
                rng = np.random.default_rng(7)
                x = rng.standard_normal((self.o.images, 3, 224, 224)).astype(np.float32)
                parts = [session.run(names, {"input": x[i : i + 8]})[0] for i in range(0, len(x), 8)]
                self.references[key] = ({"input": x}, names, [np.concatenate(parts)])
            else:
                feeds = self.feeds(row)
                self.references[key] = (feeds, names, session.run(names, feeds))
        return self.references[key]

    def model(self, model, precision):
        """The file to build; quantized by the ranges beside this script, where `graphs` has none."""
        path = f"{self.o.graphs}/{model}.onnx"
        if precision not in ("int8", "fp8"):
            return path
        given = Path(self.o.graphs, f"{model}_{precision}.onnx")
        quantized = given if given.exists() else self.work / given.name
        if not quantized.exists():
            script = HERE.parents[1] / "python" / "ingot" / "quantize.py"
            ranges = HERE / "ranges" / f"{model}.json"
            words = [script, path, "-o", quantized, "--type", precision, "--cache", ranges]
            words += ["--exclude", FIRST_LAYERS[model]] if model in FIRST_LAYERS else []
            subprocess.run([sys.executable, *map(str, words)], check=True, timeout=300)
        return str(quantized)

    def build(self, row, precision, cold=False):
        """An engine, and the seconds it took; cold: no kernel was compiled and nothing timed before."""
        model, shapes = ROWS[row]
        engine = str(self.work / f"{row}_{precision}.ingot")
        text = ",".join(f"{n}:{'x'.join(map(str, d))}" for n, d in shapes.items())
        _, seconds = self.call(
            "build",
            self.model(model, precision),
            *("-o", engine),
            *("--device", "cuda"),
            *("--level", self.o.level),
            *("--shapes", text),
            *("--timing-cache", f"{self.work}/timings_{row}" if cold else f"{self.work}/timings"),
            *PRECISIONS[precision],
            env={k: v for k, v in self.env.items() if not cold or k != "INGOT_KERNEL_CACHE"},
        )
        return engine, round(seconds, 1)

    def accuracy(self, row, engine):
        """The largest relative distance of an output to float32, and how often the largest class agrees."""
        feeds, names, expected = self.reference(row)
        ours = Engine(f"{self.o.bundle}/lib/libingot.so.0", engine)
        if classifies(row):
            x, batch = feeds["input"], ROWS[row][1]["input"][0]
            got = []
            for i in range(0, len(x), batch):
                part = x[i : i + batch]
                filled = np.concatenate([part, np.zeros((batch - len(part), *x.shape[1:]), x.dtype)])
                got.append(ours.run({"input": filled}, names)[0][: len(part)])
            got = [np.concatenate(got)]
        else:
            got = ours.run(feeds, names)
        ours.close()
        worst = 0.0
        for y, g in zip(expected, got, strict=True):
            error = np.linalg.norm(g.astype(np.float64) - y) / max(np.linalg.norm(y), 1e-30)
            worst = max(worst, error) if np.isfinite(g).all() else float("nan")
        result = {"rel_error": float(f"{worst:.3g}")}
        if classifies(row):
            same = int((got[0].argmax(-1) == expected[0].argmax(-1)).sum())
            result["top1"] = f"{same}/{len(expected[0])}"
        return result

    def report(self, engine):
        text, _ = self.call("bench", engine, "--duration", "0.2", "--warmup", "3", "--json", "-")
        return json.loads(text[text.index("{") :])

    def milliseconds(self, engine):
        return self.report(engine)["gpu_ms"]["median"]

    def row(self, row, precision, peers):
        result, begin = {"row": row, "precision": precision}, time.time()
        if row in self.o.cold.split(","):
            _, result["cold_s"] = self.build(row, precision, cold=True)
            os.replace(f"{self.work}/timings_{row}", f"{self.work}/timings")
        engine, result["build_s"] = self.build(row, precision)
        result["engine_mb"] = round(os.path.getsize(engine) / 2**20, 1)
        if self.o.images > 0:
            result |= self.accuracy(row, engine)
        report = self.report(engine)
        layers, gpu = report["layers"], report["gpu_ms"]
        result |= {
            "gpu_ms": round(gpu["median"], 4),
            "kernels": gpu["kernels"],
            "host_ms": round(report["latency_ms"]["median"], 3),
            "R": round(gpu["floor"], 4),
            "R2": round(gpu["floor_of_kernels"], 4),
            "on_host": sorted({layer["kernel"] for layer in layers if layer["op"] == "eval"}),
        }
        slowest = sorted(layers, key=lambda layer: -layer["ms"])[: self.o.slowest]
        result["slowest"] = [(x["name"][:40], x["kernel"], round(x["ms"], 4)) for x in slowest]
        for way, peer in peers.items():
            if peer.seconds is None:
                continue
            try:
                result[f"{way}_ms"] = peer.milliseconds()
                result[f"{way}_s"] = peer.seconds
            except (RuntimeError, OSError) as error:
                result[f"{way}_error"] = str(error)
            peer.close()
        if peers:
            result["again_ms"] = round(self.milliseconds(engine), 4)
        os.remove(engine)
        return result | {"seconds": round(time.time() - begin, 1)}


@contextlib.contextmanager
def machine(file):
    """Writes what the GPU is, and its clocks while it was busy."""
    fields = "name,driver_version,clocks.sm,clocks.mem,utilization.gpu"
    words = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits", "-l", "2"]
    sampler = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    yield
    sampler.terminate()
    seen = [line.split(", ") for line in sampler.communicate()[0].splitlines() if line.count(",") == 4]
    busy = sorted(int(sm) for _, _, sm, _, use in seen if int(use) > 0) or [0]
    facts = dict(zip(("gpu", "driver", "sm", "memory"), seen[-1], strict=False)) if seen else {}
    facts |= {"sm": [busy[0], busy[len(busy) // 2], busy[-1]], "date": time.strftime("%Y-%m-%d")}
    file.write_text(json.dumps(facts))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--graphs", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--rows", default="resnet18_b1,resnet50_b1")
    parser.add_argument("--level", default="3")
    parser.add_argument("--slowest", type=int, default=12)
    parser.add_argument("--images", type=int, default=100, help="random inputs to compare; 0: none")
    parser.add_argument("--cold", default="", help="rows to build without compiled kernels and times as well")
    parser.add_argument("--peers", action="store_true", help="eager PyTorch in the same run")
    parser.add_argument("--compile", default="", help="rows for torch.compile, in this order")
    parser.add_argument("--library", default="", help="rows for torch.compile without a search")
    parser.add_argument("--patience", type=float, default=400, help="seconds for all peers to get ready")
    parser.add_argument("--lanes", type=int, default=2, help="searches of torch.compile at a time")
    parser.add_argument("--meanwhile", default="", help="a command to run while the peers get ready")
    options = parser.parse_args()
    runner, results, end = Runner(options), [], time.time() + options.patience
    names = options.rows.split(",")
    eager = [name for name in names if options.peers and precision_of(name) in ("fp16", "tf32")]
    peers = {}
    for way, rows in (("eager", eager), ("compile", options.compile), ("library", options.library)):
        for name in rows.split(",") if isinstance(rows, str) else rows:
            if name in names:
                peers[f"{way} {name}"] = runner.peer(name, way)
    finish = get_ready(peers, end, options.lanes)
    if options.meanwhile:
        subprocess.run(["bash", "-c", options.meanwhile], check=False)
    for name in names if options.images > 0 else []:
        try:
            runner.reference(name.split(":")[0])
        except Exception as error:  # the row will say so, too
            print(f"{name}: no reference: {error}", flush=True)
    finish()
    with machine(Path(options.out, "machine.json")):
        for name in names:
            row, precision = name.split(":")[0], precision_of(name)
            beside = {way: peers[f"{way} {name}"] for way in WAYS if f"{way} {name}" in peers}
            try:
                result = runner.row(row, precision, beside)
            except Exception as error:  # one row must not cost the others
                result = {"row": row, "precision": precision, "error": repr(error)[-600:]}
            results.append(result)
            print(json.dumps(result), flush=True)
            Path(options.out, "results.json").write_text(json.dumps(results, indent=1))
    sys.exit(any("error" in r for r in results))


if __name__ == "__main__":
    main()
