"""INT8 as weakly typed programs ask for it (8 and 10): calibrators of all kinds, caches, dynamic ranges."""

import struct
import sys

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt

GPU = sys.argv[1] == "gpu"
logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)
rng = np.random.default_rng(3)
BATCHES = [rng.standard_normal((4, 8), np.float32) for _ in range(5)]
BATCHES[2][1, 3] = 40  # far from all others
KINDS = {
    trt.IInt8MinMaxCalibrator: "MinMaxCalibration",
    trt.IInt8EntropyCalibrator: "EntropyCalibration",
    trt.IInt8EntropyCalibrator2: "EntropyCalibration2",
    trt.IInt8LegacyCalibrator: "LegacyCalibration",
}


def calibrator_of(base, cache=None):
    class Calibrator(base):
        def __init__(self):
            base.__init__(self)
            self.left = [b.copy() for b in BATCHES]
            self.cache, self.used, self.names = cache, [], None

        def get_batch_size(self):
            return 4

        def get_batch(self, names, *rest):
            self.names = list(names)
            if not self.left:
                return None
            self.used.append(self.left.pop(0))
            return [self.used[-1].ctypes.data]

        def read_calibration_cache(self, *rest):
            return self.cache

        def write_calibration_cache(self, *given):
            self.cache = bytes(given[-1])

    if base is trt.IInt8LegacyCalibrator:
        Calibrator.get_quantile = lambda self: 0.99
        Calibrator.get_regression_cutoff = lambda self: 1.0
        Calibrator.read_histogram_cache = lambda self, length: None
        Calibrator.write_histogram_cache = lambda self, data, length=0: None
    return Calibrator()


def network():
    net = builder.create_network(EXPLICIT_BATCH)
    x = net.add_input("x", trt.float32, (-1, 8))
    double = net.add_elementwise(x, x, trt.ElementWiseOperation.SUM)
    double.get_output(0).name = "double"
    relu = net.add_activation(double.get_output(0), trt.ActivationType.RELU)
    relu.get_output(0).name = "y"
    net.mark_output(relu.get_output(0))
    return net


def build(net, calibrator):
    config = builder.create_builder_config()
    config.builder_optimization_level = 0
    config.set_flag(trt.BuilderFlag.INT8)
    if calibrator is not None:
        config.int8_calibrator = calibrator
    profile = builder.create_optimization_profile()
    profile.set_shape("x", (1, 8), (4, 8), (8, 8))
    config.add_optimization_profile(profile)
    config.set_calibration_profile(profile)
    logger.messages.clear()
    plan = builder.build_serialized_network(net, config)
    assert plan is not None, logger.errors()
    warnings = [m for s, m in logger.messages if s == trt.ILogger.WARNING]
    if GPU:  # that takes effect there
        assert all("none of TensorRT's" in w for w in warnings), warnings
    else:
        assert len(warnings) == 1 and "INT8" in warnings[0], warnings
    return runtime.deserialize_cuda_engine(plan)


def scales(cache):
    lines = cache.decode().splitlines()
    pairs = [line.rsplit(": ", 1) for line in lines[1:]]
    return lines[0], {n: struct.unpack(">f", bytes.fromhex(h))[0] for n, h in pairs}


most = {"x": 40.0, "double": 80.0, "y": 80.0}
for base, name in KINDS.items():
    calibrator = calibrator_of(base)
    engine = build(network(), calibrator)
    assert calibrator.names == ["x"] and len(calibrator.used) == len(BATCHES)
    head, found = scales(calibrator.cache)
    assert head.startswith("TRT-") and head.endswith("-" + name), head
    assert set(found) == set(most)
    if base is trt.IInt8MinMaxCalibrator:
        for tensor, limit in most.items():
            np.testing.assert_allclose(found[tensor] * 127, limit, 1e-6)
    elif base is not trt.IInt8LegacyCalibrator:
        assert found["x"] * 127 < 20, "one value of 160 is clipped"
    assert np.all(np.array(list(found.values())) > 0)
    # the engine computes in a wider type
    got = infer(engine, engine.create_execution_context(), {"x": BATCHES[0]})["y"]
    np.testing.assert_array_equal(got, np.maximum(2 * BATCHES[0], 0))

    # with a cache, no batch is asked for; what is no cache is said to be none
    again = calibrator_of(base, calibrator.cache)
    build(network(), again)
    assert again.used == [] and again.cache == calibrator.cache

strange = calibrator_of(trt.IInt8MinMaxCalibrator, b"not a cache")
config_warnings = logger
try:
    build(network(), strange)
except AssertionError as error:
    assert "none of TensorRT's" in str(error)
assert any("none of TensorRT's" in m for _, m in logger.messages)
assert len(strange.used) == len(BATCHES)

# without a calibrator: ranges set by hand
net = network()
for i in range(net.num_layers):
    assert net.get_layer(i).get_output(0).set_dynamic_range(-6.0, 6.0)
tensor = net.get_input(0)
assert tensor.dynamic_range is None and tensor.set_dynamic_range(-3.0, 4.0)
assert tensor.dynamic_range == (-3.0, 4.0)
tensor.reset_dynamic_range()
assert tensor.dynamic_range is None
build(net, None)


def product():
    net = builder.create_network(EXPLICIT_BATCH)
    x, plain = net.add_input("x", trt.float32, (-1, 8)), trt.MatrixOperation.NONE
    weights = net.add_constant((8, 16), np.ascontiguousarray(WEIGHTS))
    layer = net.add_matrix_multiply(x, plain, weights.get_output(0), plain)
    layer.get_output(0).name = "y"
    net.mark_output(layer.get_output(0))
    return net


# what is quantized is near what it would be, and on a GPU no more than near
WEIGHTS = rng.standard_normal((8, 16), np.float32)
for by_hand in (False, True):
    net = product()
    if by_hand:
        net.get_input(0).set_dynamic_range(-4, 4)
    engine = build(net, None if by_hand else calibrator_of(trt.IInt8EntropyCalibrator2))
    got = infer(engine, engine.create_execution_context(), {"x": BATCHES[0]})["y"]
    expected, step = BATCHES[0] @ WEIGHTS, 4 / 127
    error = np.abs(got - expected).max()
    assert error < 8 * step * np.abs(WEIGHTS).max(), error
    assert (error > 1e-4) == GPU, error
assert logger.errors() == []
print("ok")
