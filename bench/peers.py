#!/usr/bin/env python3
"""Ingot against onnxruntime and OpenVINO on this machine: batch 1, float32, all in one run.

For each graph and number of threads every engine lives in its own process. The engines are timed in turns,
one block each, round after round; the others are stopped meanwhile, because idle threads spin. A figure is
the median over the rounds of the block's median (and of its minimum, which a noisy machine moves less).
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import graphs
import numpy as np
import report

HERE = Path(__file__).parent
PEERS = ["onnxruntime", "openvino"]


class Worker:
    """A worker process that runs only while it has an order to carry out."""

    def __init__(self, engine):
        self.engine = engine
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, kind, **arguments):
        self.process.send_signal(signal.SIGCONT)
        print(json.dumps({"order": kind, **arguments}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.engine} ended with status {self.process.wait()}")
        self.process.send_signal(signal.SIGSTOP)
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.engine}: {answer['error']}")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def difference(path, reference_path, names=None):
    """Largest difference of the outputs, relative to the reference output's largest value."""
    with np.load(path) as outputs, np.load(reference_path) as reference:
        worst = 0.0
        for name in names or reference:
            if outputs[name].shape != reference[name].shape:
                return float("inf")
            if reference[name].size:
                ours, theirs = outputs[name].astype(np.float64), reference[name].astype(np.float64)
                worst = max(worst, np.abs(ours - theirs).max() / (np.abs(theirs).max() or 1))
        return worst


def measure(name, threads, options, folder):
    """{engine: figures} for one graph and number of threads."""
    inputs = graphs.inputs(name)
    model = str(graphs.model_path(name))
    feeds = f"{folder}/feeds.npz"
    rng = np.random.default_rng(0)
    np.savez(feeds, **{i.name: i.values(rng) for i in inputs})
    shapes = {i.name: i.shape for i in inputs}
    free = {dim: size for i in inputs for dim, size in i.free.items()}

    workers, rows = {}, {}
    try:
        for engine in options.engines:
            rows[engine] = {}
            path = model
            if engine == "ingot":  # built in another process, so that only loading and running are measured
                path = f"{folder}/{name}.ingot"
                with Worker(engine) as builder:
                    built = builder.order(
                        "build", path=model, threads=threads, shapes=shapes, engine_file=path
                    )
                rows[engine] |= {"build_s": built["seconds"], "engine_mib": Path(path).stat().st_size / 2**20}
            worker = workers[engine] = Worker(engine)
            outputs = f"{folder}/{engine}.npz"
            created = worker.order(
                "create", path=path, threads=threads, shapes=shapes, free=free, feeds=feeds, outputs=outputs
            )
            rows[engine] |= {"create_s": created["seconds"], "library_mib": created["library_mib"]}
            reference = f"{folder}/{options.engines[0]}.npz"
            rows[engine]["difference"] = difference(outputs, reference, graphs.COMPARED.get(name))

        blocks = {engine: [] for engine in workers}
        for round_number in range(-1, options.rounds):
            for engine, worker in workers.items():
                time.sleep(options.pause)
                block = worker.order("time", seconds=options.seconds, least=3)
                if round_number >= 0:  # the first round warms up
                    blocks[engine].append(block["ms"])
                rows[engine]["peak_mib"] = block["peak_mib"]
        for engine, timed in blocks.items():
            if not timed:
                continue
            rows[engine]["ms"] = median(median(block) for block in timed)
            rows[engine]["best_ms"] = median(min(block) for block in timed)
            rows[engine]["runs"] = sum(len(block) for block in timed)
    finally:
        for worker in workers.values():
            worker.__exit__()
    return rows


def parse():
    available = [*PEERS, *(["ingot"] if find_spec("ingot") else [])]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", nargs="+", metavar="NAME", help="these only (default: all shared graphs)")
    parser.add_argument("--engines", nargs="+", default=available, choices=[*PEERS, "ingot"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="N")
    parser.add_argument(
        "--rounds", type=int, default=5, help="blocks per engine (default 5; 0: start and memory alone)"
    )
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a block (default 0.5)")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between blocks (default 0.05)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables as a page")
    return parser.parse_args()


def main():
    options = parse()
    wanted = options.graphs or graphs.names()
    if not wanted:
        sys.exit(f"peers: the benchmark needs the shared graphs beside the checkout, in {graphs.STRIPPED}")
    unknown = set(wanted) - set(graphs.names())
    if unknown:
        sys.exit(f"peers: unknown graphs {', '.join(sorted(unknown))}; there are {', '.join(graphs.names())}")

    results = []
    for name in wanted:
        for threads in options.threads:
            print(f"{name}, {threads} threads", file=sys.stderr, end=": ", flush=True)
            with tempfile.TemporaryDirectory(prefix="ingot-bench-") as folder:
                rows = measure(name, threads, options, folder)
            figure, unit = ("ms", "ms") if options.rounds else ("peak_mib", "MiB")
            print(
                ", ".join(f"{e} {r[figure]:.2f} {unit}" for e, r in rows.items()), file=sys.stderr, flush=True
            )
            results.append({"graph": name, "threads": threads, "engines": rows})

    page = report.page(results, command="./dev bench " + " ".join(sys.argv[1:]))
    print(page)
    if options.markdown:
        options.markdown.write_text(page)
    if options.json:
        options.json.write_text(
            json.dumps({"machine": report.machine(), "results": results}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
