"""Refitting: other weights for an engine, by layer and role, by name, and from another ONNX model."""

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt
from onnx import TensorProto, helper, numpy_helper

MAJOR = int(trt.__version__.split(".")[0])
logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)
rng = np.random.default_rng(0)


def weights():
    shapes = {"k": (4, 2, 1, 1), "b": (4,), "scale": (4,), "shift": (4,), "c": (1, 4, 1, 1)}
    return {n: rng.standard_normal(s, np.float32) for n, s in shapes.items()}


def expected(w, x):
    y = np.einsum("oi,nihw->nohw", w["k"][:, :, 0, 0], x) + w["b"][:, None, None]
    return y * w["scale"][:, None, None] + w["shift"][:, None, None] + w["c"]


def built(network, flags):
    config = builder.create_builder_config()
    config.builder_optimization_level = 0
    for flag in flags:
        config.set_flag(flag)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, logger.errors()
    return runtime.deserialize_cuda_engine(plan)


def network_of(w):
    network = builder.create_network(EXPLICIT_BATCH)
    x = network.add_input("x", trt.float32, (1, 2, 3, 5))
    conv = network.add_convolution_nd(x, 4, (1, 1), trt.Weights(w["k"]), trt.Weights(w["b"]))
    conv.name = "conv"
    scale = network.add_scale(
        conv.get_output(0), trt.ScaleMode.CHANNEL, trt.Weights(w["shift"]), trt.Weights(w["scale"])
    )
    scale.name = "scale"
    constant = network.add_constant((1, 4, 1, 1), trt.Weights(w["c"]))
    constant.name = "constant"
    total = network.add_elementwise(scale.get_output(0), constant.get_output(0), trt.ElementWiseOperation.SUM)
    total.get_output(0).name = "y"
    network.mark_output(total.get_output(0))
    assert network.set_weights_name(trt.Weights(w["k"]), "the kernel")
    return network


def by_layer_and_name():
    before, after = weights(), weights()
    x = rng.standard_normal((1, 2, 3, 5), np.float32)
    engine = built(network_of(before), [trt.BuilderFlag.REFIT])
    assert engine.refittable
    context = engine.create_execution_context()
    np.testing.assert_allclose(infer(engine, context, {"x": x})["y"], expected(before, x), 1e-4, 1e-5)

    refitter = trt.Refitter(engine, logger)
    R = trt.WeightsRole
    everything = {("conv", R.KERNEL), ("conv", R.BIAS), ("scale", R.SCALE), ("scale", R.SHIFT),
                  ("constant", R.CONSTANT)}  # fmt: skip
    layers, roles = refitter.get_all()
    assert set(zip(layers, roles, strict=True)) == everything
    assert refitter.get_all_weights() == ["the kernel"]
    assert refitter.get_missing() == ([], []) and refitter.get_missing_weights() == []

    # what does not fit is refused
    assert not refitter.set_weights("conv", R.KERNEL, trt.Weights(before["b"]))
    assert "expected 8" in logger.errors()[-1]
    assert not refitter.set_weights("conv", R.SHIFT, trt.Weights(before["b"]))
    assert not refitter.set_named_weights("no such", trt.Weights(before["b"]))
    assert not refitter.set_weights("conv", R.BIAS, trt.Weights(np.full(4, np.nan, np.float32)))
    logger.messages.clear()

    # one set, then the others; the context that exists goes on with the new ones
    assert refitter.set_named_weights("the kernel", trt.Weights(after["k"]))
    assert refitter.refit_cuda_engine()
    mixed = {**before, "k": after["k"]}
    np.testing.assert_allclose(infer(engine, context, {"x": x})["y"], expected(mixed, x), 1e-4, 1e-5)
    for layer, role, name in (
        ("conv", R.BIAS, "b"),
        ("scale", R.SCALE, "scale"),
        ("scale", R.SHIFT, "shift"),
        ("constant", R.CONSTANT, "c"),
    ):
        assert refitter.set_weights(layer, role, trt.Weights(after[name]))
    assert refitter.refit_cuda_engine()
    np.testing.assert_allclose(infer(engine, context, {"x": x})["y"], expected(after, x), 1e-4, 1e-5)

    # and so does the engine that is saved
    again = runtime.deserialize_cuda_engine(engine.serialize())
    assert again.refittable
    got = infer(again, again.create_execution_context(), {"x": x})["y"]
    np.testing.assert_allclose(got, expected(after, x), 1e-4, 1e-5)
    assert logger.errors() == []
    if MAJOR >= 10:
        prototype = refitter.get_weights_prototype("the kernel")
        assert (prototype.dtype, prototype.size) == (trt.float32, 8)
        assert refitter.weights_validation and refitter.set_named_weights(
            "the kernel", trt.Weights(before["k"]), trt.TensorLocation.HOST
        )
        assert refitter.get_weights_location("the kernel") == trt.TensorLocation.HOST
        assert refitter.unset_named_weights("the kernel")
        assert not refitter.unset_named_weights("the kernel")
        assert refitter.refit_cuda_engine_async(0)


def plain_engine_is_refused():
    engine = built(network_of(weights()), [])
    assert not engine.refittable
    try:
        trt.Refitter(engine, logger)
        raise AssertionError("a refitter of an engine that has none")
    except TypeError as error:  # how NVIDIA's module says null
        assert "nullptr" in str(error)
    assert "kREFIT" in logger.errors()[-1]
    logger.messages.clear()


def model(w):
    nodes = [
        helper.make_node("Conv", ["x", "k", "b"], ["a"], name="conv"),
        helper.make_node("BatchNormalization", ["a", "scale", "shift", "mean", "var"], ["n"], name="bn"),
        helper.make_node("Add", ["n", "c"], ["y"], name="add"),
    ]
    info = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 3, 5]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 3, 5]),
    ]
    extra = {"mean": np.zeros(4, np.float32), "var": np.full(4, 1 - 1e-5, np.float32)}
    initializers = [numpy_helper.from_array(a, n) for n, a in {**w, **extra}.items()]
    return helper.make_model(helper.make_graph(nodes, "g", info[:1], info[1:], initializers))


def from_onnx():
    before, after = weights(), weights()
    network = builder.create_network(EXPLICIT_BATCH)
    parser = trt.OnnxParser(network, logger)
    assert parser.parse(model(before).SerializeToString()), logger.errors()
    engine = built(network, [trt.BuilderFlag.REFIT])
    refitter = trt.Refitter(engine, logger)
    assert {"k", "b", "c"} <= set(refitter.get_all_weights())
    parser_refitter = trt.OnnxParserRefitter(refitter, logger)
    assert parser_refitter.refit_from_bytes(model(after).SerializeToString()), logger.errors()
    assert refitter.refit_cuda_engine()
    x = rng.standard_normal((1, 2, 3, 5), np.float32)
    got = infer(engine, engine.create_execution_context(), {"x": x})["y"]
    np.testing.assert_allclose(got, expected(after, x), 1e-4, 1e-5)
    assert logger.errors() == []
    assert not parser_refitter.refit_from_bytes(b"no model")
    assert parser_refitter.num_errors == 1 and parser_refitter.get_error(0).desc()
    parser_refitter.clear_errors()
    assert parser_refitter.num_errors == 0
    logger.messages.clear()


by_layer_and_name()
plain_engine_is_refused()
if MAJOR >= 10:
    from_onnx()
print("ok")
