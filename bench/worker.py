#!/usr/bin/env python3
"""worker.py ENGINE: runs one model with one engine, in a process of its own, on orders from peers.py.

Orders and answers are lines of JSON on stdin and stdout. A process per engine keeps memory apart and lets the
driver stop one engine's spinning threads while another is timed.
"""

import json
import sys
import time

import numpy as np


class Onnxruntime:
    def __init__(self):
        import onnxruntime

        self.library = onnxruntime

    def create(self, path, threads, shapes, free):
        options = self.library.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        for dim, size in free.items():
            options.add_free_dimension_override_by_name(dim, size)
        self.session = self.library.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def bind(self, feeds):
        self.feeds = feeds  # bound without a copy, so they have to live
        self.binding = self.session.io_binding()
        for name, value in feeds.items():
            self.binding.bind_cpu_input(name, value)
        for output in self.session.get_outputs():
            self.binding.bind_output(output.name, "cpu")

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def outputs(self):
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.binding.copy_outputs_to_cpu(), strict=True))


class Openvino:
    def __init__(self):
        import openvino

        self.core = openvino.Core()

    def create(self, path, threads, shapes, free):
        model = self.core.read_model(path)
        model.reshape(shapes)
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",  # its own choice would be bfloat16 where the CPU has it
        }
        self.request = self.core.compile_model(model, "CPU", options).create_infer_request()

    def bind(self, feeds):
        self.feeds = feeds

    def run(self):
        self.result = self.request.infer(self.feeds, share_inputs=True, share_outputs=True)

    def outputs(self):
        # an output port also carries names from inside the graph
        return {name: np.array(value) for port, value in self.result.items() for name in port.names}


class Ingot:
    def __init__(self):
        import ingot

        self.library = ingot

    def build(self, path, threads, shapes, engine_file):
        self.library.build(path, shapes=shapes, threads=threads).save(engine_file)

    def create(self, path, threads, shapes, free):
        self.context = self.library.load(path).context(threads)

    def bind(self, feeds):
        self.feeds = feeds

    def run(self):
        self.result = self.context.run(self.feeds)

    def outputs(self):
        return {name: np.array(value) for name, value in self.result.items()}


ENGINES = {"onnxruntime": Onnxruntime, "openvino": Openvino, "ingot": Ingot}


def peak_mib():
    """Peak resident memory of this process; getrusage's would begin with the parent's size at the fork."""
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024


def time_runs(engine, seconds, least):
    """Milliseconds of each run, for at least so many seconds and runs."""
    times, clock = [], time.perf_counter_ns
    end = clock() + seconds * 1e9
    while len(times) < least or clock() < end:
        start = clock()
        engine.run()
        times.append((clock() - start) / 1e6)
    return times


def answer(engine, order):
    kind = order["order"]
    if kind == "create":
        shapes = {name: tuple(shape) for name, shape in order["shapes"].items()}
        before, start = peak_mib(), time.perf_counter()
        engine.create(order["path"], order["threads"], shapes, order["free"])
        seconds = time.perf_counter() - start
        with np.load(order["feeds"]) as feeds:
            engine.bind(dict(feeds))
        engine.run()
        np.savez(order["outputs"], **engine.outputs())
        return {"seconds": seconds, "library_mib": before}
    if kind == "build":
        start = time.perf_counter()
        shapes = {name: tuple(shape) for name, shape in order["shapes"].items()}
        engine.build(order["path"], order["threads"], shapes, order["engine_file"])
        return {"seconds": time.perf_counter() - start}
    if kind == "time":
        return {"ms": time_runs(engine, order["seconds"], order["least"]), "peak_mib": peak_mib()}
    raise ValueError(f"unknown order {kind}")


def main():
    engine = ENGINES[sys.argv[1]]()
    reply, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not mix with the answers
    for line in sys.stdin:
        try:
            result = answer(engine, json.loads(line))
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), file=reply, flush=True)


if __name__ == "__main__":
    main()
