"""Plugins written in Python: in a network, in an ONNX model, in an engine that is loaded later."""

import numpy as np
from common import EXPLICIT_BATCH, Logger, infer, trt
from onnx import TensorProto, helper

MAJOR = int(trt.__version__.split(".")[0])
logger = Logger()
builder = trt.Builder(logger)
runtime = trt.Runtime(logger)
registry = trt.get_plugin_registry()


def missing_plugin_is_named():
    node = helper.make_node("NobodysOp_TRT", ["x"], ["y"], name="strange")
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in "xy"]
    model = helper.make_model(helper.make_graph([node], "g", info[:1], info[1:]))
    parser = trt.OnnxParser(builder.create_network(EXPLICIT_BATCH), logger)
    assert not parser.parse(model.SerializeToString())
    error = parser.get_error(0)
    assert error.node() == 0
    for word in ("NobodysOp_TRT", "version '1'", "libraries searched"):
        assert word in error.desc(), error.desc()
    if MAJOR >= 10:
        assert (error.node_name(), error.node_operator()) == ("strange", "NobodysOp_TRT")
        assert not parser.supports_model_v2(model.SerializeToString())
        assert parser.num_subgraphs == 1 and not parser.is_subgraph_supported(0)
        assert list(parser.get_subgraph_nodes(0)) == [0]
    logger.messages.clear()


def scaled_model():
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("ScaleBy", ["r"], ["y"], name="scale", factor=3.0),
    ]
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 2]) for n in "xy"]
    return helper.make_model(helper.make_graph(nodes, "g", info[:1], info[1:])).SerializeToString()


def run(network):
    config = builder.create_builder_config()
    config.builder_optimization_level = 0
    profile = builder.create_optimization_profile()
    profile.set_shape("x", (1, 2), (3, 2), (8, 2))
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, logger.errors()
    engine = runtime.deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    for rows in (3, 5):
        x = np.random.default_rng(rows).standard_normal((rows, 2), np.float32)
        got = infer(engine, context, {"x": x})["y"]
        np.testing.assert_allclose(got, 3 * np.maximum(x, 0), 1e-6)
    assert logger.errors() == [], logger.errors()


def array_at(address, shape):
    import ctypes

    count = int(np.prod(shape))
    return np.frombuffer((ctypes.c_float * count).from_address(address), np.float32).reshape(shape)


def plugin_v3():
    class ScaleBy(trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuild, trt.IPluginV3OneRuntime):
        def __init__(self, factor):
            trt.IPluginV3.__init__(self)
            trt.IPluginV3OneCore.__init__(self)
            trt.IPluginV3OneBuild.__init__(self)
            trt.IPluginV3OneRuntime.__init__(self)
            self.factor = factor
            self.num_outputs = 1
            self.plugin_name, self.plugin_version, self.plugin_namespace = "ScaleBy", "1", ""

        def get_capability_interface(self, kind):
            return self

        def get_output_data_types(self, types):
            return types

        def get_output_shapes(self, inputs, shape_inputs, builder):
            out = trt.DimsExprs(inputs[0])
            return [out]

        def supports_format_combination(self, at, tensors, inputs):
            return tensors[at].desc.format == trt.TensorFormat.LINEAR and tensors[at].desc.type == trt.float32

        def configure_plugin(self, inputs, outputs):
            pass

        def on_shape_change(self, inputs, outputs):
            pass

        def attach_to_context(self, context):
            return self.clone()

        def get_fields_to_serialize(self):
            field = trt.PluginField(
                "factor", np.array([self.factor], np.float32), trt.PluginFieldType.FLOAT32
            )
            return trt.PluginFieldCollection([field])

        def enqueue(self, inputs, outputs, in_addresses, out_addresses, workspace, stream):
            x = array_at(in_addresses[0], tuple(inputs[0].dims))
            array_at(out_addresses[0], tuple(outputs[0].dims))[...] = x * self.factor

        def clone(self):
            return ScaleBy(self.factor)

    class Creator(trt.IPluginCreatorV3One):
        def __init__(self):
            trt.IPluginCreatorV3One.__init__(self)
            self.name, self.plugin_version, self.plugin_namespace = "ScaleBy", "1", ""
            field = trt.PluginField("factor", np.array([], np.float32), trt.PluginFieldType.FLOAT32)
            self.field_names = trt.PluginFieldCollection([field])

        def create_plugin(self, name, fields, phase):
            return ScaleBy(float(np.asarray(fields[0].data).ravel()[0]))

    class Head(ScaleBy):
        """As many of the elements as the shape input says."""

        def get_output_shapes(self, inputs, shape_inputs, builder):
            assert len(inputs) == 1 and len(shape_inputs) == 1
            out = trt.DimsExprs(1)
            out[0] = shape_inputs[0][0]
            return [out]

        def enqueue(self, inputs, outputs, in_addresses, out_addresses, workspace, stream):
            count = outputs[0].dims[0]
            x = array_at(in_addresses[0], (inputs[0].dims[0],))
            array_at(out_addresses[0], (count,))[...] = x[:count] * self.factor

        def clone(self):
            return Head(self.factor)

    class InPlace(trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuildV2, trt.IPluginV3OneRuntime):
        """Doubles its input's memory, which is its output's."""

        def __init__(self):
            trt.IPluginV3.__init__(self)
            trt.IPluginV3OneCore.__init__(self)
            trt.IPluginV3OneBuildV2.__init__(self)
            trt.IPluginV3OneRuntime.__init__(self)
            self.num_outputs = 1
            self.plugin_name, self.plugin_version, self.plugin_namespace = "InPlace", "1", ""

        def get_aliased_input(self, output):
            return 0

        def enqueue(self, inputs, outputs, in_addresses, out_addresses, workspace, stream):
            assert in_addresses[0] == out_addresses[0]
            array_at(in_addresses[0], tuple(inputs[0].dims))[...] *= 2

        def get_fields_to_serialize(self):
            return trt.PluginFieldCollection([])

        def clone(self):
            return InPlace()

    for same in ("get_capability_interface", "get_output_data_types", "get_output_shapes", "configure_plugin",
                 "supports_format_combination", "on_shape_change", "attach_to_context"):  # fmt: skip
        setattr(InPlace, same, getattr(ScaleBy, same))
    network = builder.create_network(EXPLICIT_BATCH)
    x = network.add_input("x", trt.float32, (6,))
    relu = network.add_activation(x, trt.ActivationType.RELU).get_output(0)
    doubled = network.add_plugin_v3([relu], [], InPlace()).get_output(0)
    both = network.add_elementwise(doubled, relu, trt.ElementWiseOperation.SUM).get_output(0)
    both.name = "y"
    network.mark_output(both)
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    assert plan is not None, logger.errors()
    engine = runtime.deserialize_cuda_engine(plan)
    x = np.arange(6, dtype=np.float32) - 2
    y = infer(engine, engine.create_execution_context(), {"x": x})["y"]
    np.testing.assert_array_equal(y, 3 * np.maximum(x, 0))  # what else reads the input has it as it was

    network = builder.create_network(EXPLICIT_BATCH)
    x = network.add_input("x", trt.float32, (6,))
    count = np.array([4], np.int64)
    sizes = network.add_constant((1,), trt.Weights(count)).get_output(0)
    layer = network.add_plugin_v3([x], [sizes], Head(2.0))
    assert layer is not None, logger.errors()
    assert tuple(layer.get_output(0).shape) == (4,), layer.get_output(0).shape
    layer.get_output(0).name = "y"
    network.mark_output(layer.get_output(0))
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    assert plan is not None, logger.errors()
    engine = runtime.deserialize_cuda_engine(plan)
    x = np.arange(6, dtype=np.float32)
    np.testing.assert_array_equal(infer(engine, engine.create_execution_context(), {"x": x})["y"], 2 * x[:4])

    creator = Creator()
    assert registry.register_creator(creator, "")
    network = builder.create_network(EXPLICIT_BATCH)
    x = network.add_input("x", trt.float32, (-1, 2))
    relu = network.add_activation(x, trt.ActivationType.RELU).get_output(0)
    layer = network.add_plugin_v3([relu], [], ScaleBy(3.0))
    assert tuple(layer.get_output(0).shape) == (-1, 2)
    layer.get_output(0).name = "y"
    network.mark_output(layer.get_output(0))
    run(network)

    network = builder.create_network(EXPLICIT_BATCH)
    parser = trt.OnnxParser(network, logger)
    assert parser.parse(scaled_model()), [parser.get_error(i).desc() for i in range(parser.num_errors)]
    run(network)


def built_in():
    """Instance normalization and EfficientNMS by their usual names, in one model."""
    assert trt.init_libnvinfer_plugins(logger, "")
    nodes = [
        helper.make_node("InstanceNormalization_TRT", ["x", "s", "b"], ["y"], epsilon=1e-3),
        helper.make_node("EfficientNMS_TRT", ["boxes", "scores"], ["n", "kept", "best", "label"],
                         score_threshold=0.1, iou_threshold=0.5, max_output_boxes=3, box_coding=0),
    ]  # fmt: skip
    shapes = {"x": [2, 3, 4], "s": [3], "b": [3], "boxes": [1, 4, 4], "scores": [1, 4, 2]}
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    whole = {"n": [1, 1], "label": [1, 3]}
    outputs = [helper.make_tensor_value_info(n, TensorProto.INT32, s) for n, s in whole.items()]
    others = {"y": [2, 3, 4], "kept": [1, 3, 4], "best": [1, 3]}
    outputs += [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in others.items()]
    model = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs))
    network = builder.create_network(EXPLICIT_BATCH)
    parser = trt.OnnxParser(network, logger)
    assert parser.parse(model.SerializeToString()), logger.errors()
    config = builder.create_builder_config()
    engine = runtime.deserialize_cuda_engine(builder.build_serialized_network(network, config))
    rng = np.random.default_rng(1)
    feeds = {n: rng.standard_normal(shapes[n], np.float32) for n in ("x", "s", "b")}
    feeds["boxes"] = np.array([[[0, 0, 1, 1], [0, 0, 1, 0.9], [2, 2, 3, 3], [5, 5, 6, 6]]], np.float32)
    feeds["scores"] = np.array([[[0.9, 0], [0.8, 0], [0.3, 0.7], [0, 0.05]]], np.float32)
    got = infer(engine, engine.create_execution_context(), feeds)
    x = feeds["x"]
    normal = (x - x.mean(2, keepdims=True)) / np.sqrt(x.var(2, keepdims=True) + 1e-3)
    np.testing.assert_allclose(got["y"], normal * feeds["s"][:, None] + feeds["b"][:, None], 1e-4, 1e-5)
    assert got["n"].tolist() == [[3]]
    np.testing.assert_allclose(got["best"], [[0.9, 0.7, 0.3]])
    assert got["label"].tolist() == [[0, 1, 0]]
    np.testing.assert_allclose(got["kept"][0], feeds["boxes"][0, [0, 2, 2]])


def onnx_model(nodes, inputs, outputs):
    types = {np.float32: TensorProto.FLOAT, np.int32: TensorProto.INT32, np.int64: TensorProto.INT64}

    def info(arrays):
        return [helper.make_tensor_value_info(n, types[a.dtype.type], a.shape) for n, a in arrays.items()]

    graph = helper.make_graph(nodes, "g", info(inputs), info(outputs))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


def agrees(plugin, inputs, want, attrs, rtol=1e-4):
    """The plugin as a node of an ONNX model, against these outputs."""
    node = helper.make_node(plugin, list(inputs), list(want), **attrs)
    network = builder.create_network(EXPLICIT_BATCH)
    parser = trt.OnnxParser(network, logger)
    assert parser.parse(onnx_model([node], inputs, want)), logger.errors()
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    assert plan is not None, logger.errors()
    engine = runtime.deserialize_cuda_engine(plan)
    got = infer(engine, engine.create_execution_context(), inputs)
    for name, values in want.items():
        np.testing.assert_allclose(got[name], values, rtol, 1e-5, err_msg=f"{plugin} {name}")
    assert logger.errors() == []


def by_onnxruntime(op, inputs, outputs, attrs):
    import onnxruntime

    node = helper.make_node(op, list(inputs), list(outputs), **attrs)
    empty = {n: np.zeros((), np.float32) for n in outputs}
    graph = helper.make_graph(
        [node],
        "g",
        [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for n, a in inputs.items()
        ],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in empty],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return dict(zip(outputs, session.run(None, inputs), strict=True))


def scattered(feeds, want, reduction):
    """The plugin by its creator, as programs make it: in a model, the operator of that name is meant."""
    creators = registry.plugin_creator_list if MAJOR < 11 else registry.all_creators
    creator = next(c for c in creators if c.name == "ScatterElements")
    fields = [
        trt.PluginField("axis", np.array([1], np.int32), trt.PluginFieldType.INT32),
        trt.PluginField("reduction", np.frombuffer(reduction.encode(), np.int8), trt.PluginFieldType.CHAR),
    ]
    plugin = creator.create_plugin("scatter", trt.PluginFieldCollection(fields))
    network = builder.create_network(EXPLICIT_BATCH)
    types = {np.float32: trt.float32, np.int32: trt.int32}
    inputs = [network.add_input(n, types[a.dtype.type], a.shape) for n, a in feeds.items()]
    layer = network.add_plugin_v2(inputs, plugin)
    layer.get_output(0).name = "y"
    network.mark_output(layer.get_output(0))
    engine = runtime.deserialize_cuda_engine(
        builder.build_serialized_network(network, builder.create_builder_config())
    )
    got = infer(engine, engine.create_execution_context(), feeds)
    np.testing.assert_allclose(got["y"], want, 1e-5, 1e-6)


def built_in_against_onnxruntime():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((2, 6, 7, 9), np.float32)
    rois = np.array([[0, 0, 6, 4], [1, 1, 8, 6], [2.5, 0.5, 7, 3]], np.float32)
    batch = np.array([0, 1, 1], np.int32)
    for mode, samples in ((1, 2), (1, 0), (0, 1)):  # of one sample, the largest is the mean
        common = {"output_height": 3, "output_width": 4, "sampling_ratio": samples, "spatial_scale": 0.5}
        attrs = {**common, "mode": "avg", "coordinate_transformation_mode": "half_pixel"}
        inputs = {"x": x, "rois": rois, "batch": batch.astype(np.int64)}
        want = by_onnxruntime("RoiAlign", inputs, ["y"], attrs)
        attrs = {**common, "mode": mode, "coordinate_transformation_mode": 1}
        agrees("ROIAlign_TRT", {"x": x, "rois": rois, "batch": batch}, want, attrs)

    indices = np.stack([rng.permutation(7)[:3] for _ in range(5)]).astype(np.int32)
    data, updates = rng.standard_normal((5, 7), np.float32), rng.standard_normal((5, 3), np.float32)
    for reduction in ("add", "mul", "min", "max"):
        inputs = {"data": data, "indices": indices.astype(np.int64), "updates": updates}
        attrs = {"axis": 1, "reduction": reduction}
        want = by_onnxruntime("ScatterElements", inputs, ["y"], attrs)
        feeds = {"data": data, "indices": indices, "updates": updates}
        scattered(feeds, want["y"], reduction)

    gamma, beta = rng.standard_normal(6, np.float32), rng.standard_normal(6, np.float32)
    groups = x.reshape(2, 3, -1)
    normal = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + 1e-3)
    normal = normal.reshape(x.shape)
    want = {"y": normal * gamma[:, None, None] + beta[:, None, None]}
    feeds = {"x": x, "gamma": gamma.reshape(1, 6, 1, 1), "beta": beta.reshape(1, 6, 1, 1)}
    agrees("GroupNormalizationPlugin", feeds, want, {"eps": 1e-3, "num_groups": 3})
    feeds = {"x": x, "gamma": gamma, "beta": beta}
    normal = (x - x.mean((2, 3), keepdims=True)) / np.sqrt(x.var((2, 3), keepdims=True) + 1e-3)
    want = {"y": normal * gamma[:, None, None] + beta[:, None, None]}
    agrees("InstanceNormalization_TRT", feeds, want, {"epsilon": 1e-3})


missing_plugin_is_named()
built_in()
built_in_against_onnxruntime()
if MAJOR >= 10:
    plugin_v3()
print("ok")
