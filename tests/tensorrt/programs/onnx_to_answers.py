"""MODEL FEEDS.npz ANSWERS.npz ENGINE: parses, builds with a profile, saves, loads and runs, as scripts do."""

import json
import sys

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt

model, feeds_file, answers_file, engine_file = sys.argv[1:]
feeds = dict(np.load(feeds_file))
logger = Logger()

builder = trt.Builder(logger)
network = builder.create_network(EXPLICIT_BATCH)
parser = trt.OnnxParser(network, logger)
assert parser.parse_from_file(model), [parser.get_error(i).desc() for i in range(parser.num_errors)]
assert network.num_layers > 0 and network.get_layer(0).name
inputs = [network.get_input(i) for i in range(network.num_inputs)]
assert {t.name for t in inputs} == set(feeds)

config = builder.create_builder_config()
config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, 1 << 30)
config.builder_optimization_level = 0
profile = builder.create_optimization_profile()
for tensor in inputs:
    shape = feeds[tensor.name].shape
    least = [1 if d == -1 else s for d, s in zip(tensor.shape, shape, strict=True)]
    profile.set_shape(tensor.name, least, shape, shape)
assert config.add_optimization_profile(profile) == 0
plan = builder.build_serialized_network(network, config)
assert plan is not None, logger.errors()
with open(engine_file, "wb") as file:
    file.write(plan)

runtime = trt.Runtime(logger)
with open(engine_file, "rb") as file:
    engine = runtime.deserialize_cuda_engine(file.read())
assert engine.num_optimization_profiles == 1
for tensor in inputs:
    assert tuple(engine.get_tensor_profile_shape(tensor.name, 0)[1]) == feeds[tensor.name].shape
context = engine.create_execution_context()
np.savez(answers_file, **infer(engine, context, feeds))

inspector = engine.create_engine_inspector()
described = json.loads(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
assert len(described["Layers"]) == engine.num_layers
print(json.dumps({"errors": logger.errors(), "layers": engine.num_layers}))
