"""Loops and conditionals of the network API, against plain Python."""

import numpy as np
from common import EXPLICIT_BATCH, Logger, trt

logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)
kept = []


def network():
    return builder.create_network(EXPLICIT_BATCH)


def constant(n, array):
    array = np.ascontiguousarray(array)
    kept.append(array)
    return n.add_constant(array.shape, trt.Weights(array)).get_output(0)


def run(n, outputs, feeds):
    for i, t in enumerate(outputs):
        t.name = f"y{i}"
        n.mark_output(t)
    config = builder.create_builder_config()
    config.builder_optimization_level = 0
    for name, array in feeds.items():
        if -1 in tuple(
            next(n.get_input(i) for i in range(n.num_inputs) if n.get_input(i).name == name).shape
        ):
            profile = builder.create_optimization_profile()
            profile.set_shape(name, array.shape, array.shape, array.shape)
            config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(n, config)
    assert plan is not None, logger.errors()
    engine = runtime.deserialize_cuda_engine(plan)
    return engine, engine.create_execution_context()


def answers(engine, context, feeds, sizes):
    """As infer, for outputs whose size only the run tells."""

    class Allocator(trt.IOutputAllocator):
        def __init__(self):
            trt.IOutputAllocator.__init__(self)
            self.memory, self.shape = None, None

        def reallocate_output(self, name, memory, size, alignment):
            self.memory = np.empty(max(size, 1), np.uint8)
            return self.memory.ctypes.data

        def notify_shape(self, name, shape):
            self.shape = tuple(shape)

    buffers = {n: np.array(a, order="C") for n, a in feeds.items()}
    for name, array in buffers.items():
        assert context.set_input_shape(name, array.shape)
        assert context.set_tensor_address(name, array.ctypes.data)
    allocators = {}
    for i in range(engine.num_io_tensors):
        name = engine.get_tensor_name(i)
        if name not in buffers:
            allocators[name] = Allocator()
            assert context.set_output_allocator(name, allocators[name])
    assert context.execute_async_v3(0), logger.errors()
    out = {}
    for name, a in allocators.items():
        dtype = trt.nptype(engine.get_tensor_dtype(name))
        count = int(np.prod(a.shape))
        out[name] = a.memory[: count * np.dtype(dtype).itemsize].view(dtype).reshape(a.shape)
    return out


def counted_loop():
    """Running sums along the second axis, collected forwards and backwards, and the last one."""
    n = network()
    x = n.add_input("x", trt.float32, (3, 5))
    loop = n.add_loop()
    loop.add_trip_limit(constant(n, np.array(5, np.int32)), trt.TripLimit.COUNT)
    column = loop.add_iterator(x, 1).get_output(0)
    total = loop.add_recurrence(constant(n, np.zeros(3, np.float32)))
    assert tuple(column.shape) == (3,)
    now = n.add_elementwise(total.get_output(0), column, trt.ElementWiseOperation.SUM).get_output(0)
    twice = n.add_elementwise(now, constant(n, np.full(3, 2, np.float32)), trt.ElementWiseOperation.PROD)
    total.set_input(1, now)
    last = loop.add_loop_output(total.get_output(0), trt.LoopOutput.LAST_VALUE)
    stacked = loop.add_loop_output(twice.get_output(0), trt.LoopOutput.CONCATENATE, 1)
    reverse = loop.add_loop_output(now, trt.LoopOutput.REVERSE, 0)
    for layer in (stacked, reverse):
        layer.set_input(1, constant(n, np.array(5, np.int32)))
    assert last.loop is not None
    x = np.arange(15, dtype=np.float32).reshape(3, 5)
    engine, context = run(n, [layer.get_output(0) for layer in (last, stacked, reverse)], {"x": x})
    got = answers(engine, context, {"x": x}, 3)
    np.testing.assert_allclose(got["y0"], x.sum(1))
    np.testing.assert_allclose(got["y1"], 2 * x.cumsum(1))
    np.testing.assert_allclose(got["y2"], x.cumsum(1).T[::-1])


def while_loop():
    """Doubles until it is over a hundred."""
    n = network()
    x = n.add_input("x", trt.float32, (1,))
    loop = n.add_loop()
    value = loop.add_recurrence(x)
    limit = constant(n, np.array([100], np.float32))
    below = n.add_elementwise(value.get_output(0), limit, trt.ElementWiseOperation.LESS).get_output(0)
    scalar = n.add_shuffle(below)
    scalar.reshape_dims = ()
    loop.add_trip_limit(scalar.get_output(0), trt.TripLimit.WHILE)
    doubled = n.add_elementwise(value.get_output(0), value.get_output(0), trt.ElementWiseOperation.SUM)
    value.set_input(1, doubled.get_output(0))
    out = loop.add_loop_output(value.get_output(0), trt.LoopOutput.LAST_VALUE)
    engine, context = run(n, [out.get_output(0)], {})
    for start, end in [(3, 192), (100, 100), (1, 128)]:
        got = answers(engine, context, {"x": np.array([start], np.float32)}, 1)
        assert got["y0"].tolist() == [end], (start, got)


def while_over_elements():
    """Adds elements up to the first that is over ten."""
    n = network()
    x = n.add_input("x", trt.float32, (4, 1))
    loop = n.add_loop()
    element = loop.add_iterator(x, 0).get_output(0)
    total = loop.add_recurrence(constant(n, np.zeros(1, np.float32)))
    limit = constant(n, np.array([10], np.float32))
    small = n.add_shuffle(n.add_elementwise(element, limit, trt.ElementWiseOperation.LESS).get_output(0))
    small.reshape_dims = ()
    loop.add_trip_limit(small.get_output(0), trt.TripLimit.WHILE)
    loop.add_trip_limit(constant(n, np.array(4, np.int32)), trt.TripLimit.COUNT)
    total.set_input(
        1, n.add_elementwise(total.get_output(0), element, trt.ElementWiseOperation.SUM).get_output(0)
    )
    out = loop.add_loop_output(total.get_output(0), trt.LoopOutput.LAST_VALUE)
    engine, context = run(n, [out.get_output(0)], {})
    for x, end in [([1, 2, 11, 5], 3), ([12, 1, 1, 1], 0), ([1, 2, 3, 4], 10)]:
        got = answers(engine, context, {"x": np.array(x, np.float32)[:, None]}, 1)
        assert got["y0"].tolist() == [end], (x, got)


def assertions():
    """What only a run can tell is checked by each run."""
    n = network()
    x = n.add_input("x", trt.float32, (3,))
    limit = constant(n, np.full(3, 5, np.float32))
    below = n.add_elementwise(x, limit, trt.ElementWiseOperation.LESS).get_output(0)
    n.add_assertion(below, "x is to be below five")
    relu = n.add_activation(x, trt.ActivationType.RELU)
    engine, context = run(n, [relu.get_output(0)], {})
    assert engine.num_io_tensors == 2
    assert answers(engine, context, {"x": np.array([-1, 2, 4], np.float32)}, 3)["y0"].tolist() == [0, 2, 4]
    array = np.array([1, 7, 0], np.float32)
    context.set_tensor_address("x", array.ctypes.data)
    assert not context.execute_async_v3(0)
    assert "x is to be below five" in logger.errors()[-1]
    logger.messages.clear()


def nested_loops():
    """Sum over i < 3 and j < 4 of (i + 1) * x."""
    n = network()
    x = n.add_input("x", trt.float32, (2,))
    zero, one = constant(n, np.zeros(2, np.float32)), constant(n, np.ones(2, np.float32))
    outer = n.add_loop()
    outer.add_trip_limit(constant(n, np.array(3, np.int32)), trt.TripLimit.COUNT)
    factor, total = outer.add_recurrence(one), outer.add_recurrence(zero)
    inner = n.add_loop()
    inner.add_trip_limit(constant(n, np.array(4, np.int32)), trt.TripLimit.COUNT)
    part = inner.add_recurrence(total.get_output(0))
    product = n.add_elementwise(factor.get_output(0), x, trt.ElementWiseOperation.PROD).get_output(0)
    part.set_input(
        1, n.add_elementwise(part.get_output(0), product, trt.ElementWiseOperation.SUM).get_output(0)
    )
    result = inner.add_loop_output(part.get_output(0), trt.LoopOutput.LAST_VALUE)
    total.set_input(1, result.get_output(0))
    factor.set_input(
        1, n.add_elementwise(factor.get_output(0), one, trt.ElementWiseOperation.SUM).get_output(0)
    )
    out = outer.add_loop_output(total.get_output(0), trt.LoopOutput.LAST_VALUE)
    x = np.array([1, 10], np.float32)
    engine, context = run(n, [out.get_output(0)], {"x": x})
    np.testing.assert_allclose(answers(engine, context, {"x": x}, 1)["y0"], 24 * x)


def conditional():
    n = network()
    x = n.add_input("x", trt.float32, (4,))
    flag = n.add_input("flag", trt.int32, ())
    condition = n.add_cast(flag, trt.bool).get_output(0)
    branch = n.add_if_conditional()
    branch.set_condition(condition)
    inside = branch.add_input(x).get_output(0)
    yes = n.add_unary(inside, trt.UnaryOperation.NEG).get_output(0)
    no = n.add_elementwise(inside, inside, trt.ElementWiseOperation.PROD).get_output(0)
    out = branch.add_output(yes, no)
    assert out.conditional is not None
    engine, context = run(n, [out.get_output(0)], {})
    x = np.array([1, -2, 3, -4], np.float32)
    for flag, want in [(1, -x), (0, x * x)]:
        got = answers(engine, context, {"x": x, "flag": np.array(flag, np.int32)}, 1)
        np.testing.assert_allclose(got["y0"], want)


for case in (counted_loop, while_loop, while_over_elements, assertions, nested_loops, conditional):
    case()
assert logger.errors() == [], logger.errors()
print("ok")
