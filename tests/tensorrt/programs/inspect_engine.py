"""MODEL: what an engine tells: the inspector's JSON as trt-engine-explorer reads it, and a profiler."""

import json
import sys

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt

MAJOR = int(trt.__version__.split(".")[0])
F = trt.LayerInformationFormat
logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)
SHAPE = (2, 1, 8, 8)


def built(verbosity):
    network = builder.create_network(EXPLICIT_BATCH)
    network.name = "digits"
    parser = trt.OnnxParser(network, logger)
    assert parser.parse_from_file(sys.argv[1]), logger.errors()
    config = builder.create_builder_config()
    config.builder_optimization_level = 0
    config.profiling_verbosity = verbosity
    profile = builder.create_optimization_profile()
    profile.set_shape("image", (1, *SHAPE[1:]), SHAPE, (4, *SHAPE[1:]))
    config.add_optimization_profile(profile)
    return runtime.deserialize_cuda_engine(builder.build_serialized_network(network, config))


def activations(layer):
    """As trt-engine-explorer's: name, dims, and the type out of the format's text."""
    for raw in layer["Inputs"] + layer["Outputs"]:
        assert MAJOR < 11 or raw["Format"]
        text = raw["Datatype"] if MAJOR >= 11 else raw["Format/Datatype"]
        assert sum(name in text.split() for name in ("FP32", "FP16", "Int32", "Int64", "BOOL")) == 1, raw
        yield raw["Name"], [int(d) for d in raw["Dimensions"]]


def detailed(engine):
    assert engine.profiling_verbosity == trt.ProfilingVerbosity.DETAILED
    inspector = engine.create_engine_inspector()
    plan = json.loads(inspector.get_engine_information(F.JSON))
    names = [layer["Name"] for layer in plan["Layers"]]
    assert len(names) == engine.num_layers and len(set(names)) == len(names)
    seen = {}
    for layer in plan["Layers"]:
        assert layer["LayerType"] and layer["TacticName"] and isinstance(layer["Metadata"], str)
        for name, dims in activations(layer):
            assert seen.setdefault(name, dims) == dims
    bindings = plan["I/O Tensors"] if MAJOR >= 11 else plan["Bindings"]
    bound = [b["Name"] for b in bindings] if MAJOR >= 11 else bindings
    assert bound == [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    assert set(bound) <= set(seen), (bound, seen)
    assert seen["image"] == [-1, 1, 8, 8]
    for i, name in enumerate(names):
        assert json.loads(inspector.get_layer_information(i, F.JSON))["Name"] == name
        assert inspector.get_layer_information(i, F.ONELINE) == name
    assert names[0] in inspector.get_engine_information(F.ONELINE)
    assert not inspector.get_layer_information(len(names), F.JSON) and logger.errors()
    logger.messages.clear()
    return names


def names_only(engine):
    assert engine.profiling_verbosity == trt.ProfilingVerbosity.LAYER_NAMES_ONLY
    plan = json.loads(engine.create_engine_inspector().get_engine_information(F.JSON))
    assert all(isinstance(layer, str) for layer in plan["Layers"]) and plan["Layers"]


class Profiler(trt.IProfiler):
    def __init__(self):
        trt.IProfiler.__init__(self)
        self.times = []

    def report_layer_time(self, name, ms):
        self.times.append((name, ms))


def profiled(engine, names):
    context = engine.create_execution_context()
    context.profiler = Profiler()
    feeds = {"image": np.zeros(SHAPE, np.float32)}
    infer(engine, context, feeds)
    first = context.profiler.times
    assert (
        [n for n, _ in first] == names and all(ms >= 0 for _, ms in first) and sum(ms for _, ms in first) > 0
    )
    context.enqueue_emits_profile = False
    context.profiler.times = []
    infer(engine, context, feeds)
    assert context.profiler.times == []
    assert context.report_to_profiler() and len(context.profiler.times) == len(names)


engine = built(trt.ProfilingVerbosity.DETAILED)
assert engine.name == "digits"
profiled(engine, detailed(engine))
names_only(built(trt.ProfilingVerbosity.LAYER_NAMES_ONLY))
none = built(trt.ProfilingVerbosity.NONE)
assert json.loads(none.create_engine_inspector().get_engine_information(F.JSON))["Layers"] == []
assert logger.errors() == []
print("ok")
