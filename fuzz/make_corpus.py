#!/usr/bin/env python3
"""Writes corpus/onnx: small valid models that together use most of what the format has."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser

FOLDER = Path(__file__).parent / "corpus" / "onnx"
HEAD = '<ir_version: 8, opset_import: ["" : 17]>\n'

TEXTS = {
    "conv": """
        g (float[N, 3, H, W] x) => (float[N, 4, h, w] y)
        <float[4, 3, 3, 3] w, float[4] s = {1, 2, 0.5, 1}, float[4] b = {0, 1, 2, 3}>
        {
          c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w, b)
          n = BatchNormalization <epsilon = 0.001> (c, s, b, b, s)
          r = Relu (n)
          p = MaxPool <kernel_shape = [2, 2], ceil_mode = 1> (r)
          a = AveragePool <kernel_shape = [3, 3], auto_pad = "SAME_UPPER"> (p)
          y = Add (a, p)
        }""",
    "dense": """
        g (float[batch, 4] x) => (float[batch, 3] y, int64[batch, 1] best)
        <float[4, 3] w, float[3] b = {1, -1, 0}, float hi = {6}>
        {
          g = Gemm <alpha = 0.5, transB = 0> (x, w, b)
          c = Clip (g, , hi)
          m = LayerNormalization <axis = 1> (c, b)
          y = Softmax <axis = 1> (m)
          best = ArgMax <axis = 1> (y)
        }""",
    "attention": """
        g (float[1, s, 4] q, bool[s] mask) => (float[1, s, 4] y)
        <float[4, 4] w, int64[3] order = {0, 2, 1}, float scale = {0.5}, float low = {-10000}>
        {
          k = MatMul (q, w)
          t = Transpose <perm = [0, 2, 1]> (k)
          a = MatMul (q, t)
          b = Mul (a, scale)
          c = Where (mask, b, low)
          p = Softmax (c)
          y = MatMul (p, q)
        }""",
    "shapes": """
        g (float[a, b, c] x) => (float[d, e] y)
        <int64 zero = {0}, int64[1] axis = {0}, int64[1] minus = {-1},
         int64[2] starts = {0, 1}, int64[2] ends = {9, 9}>
        {
          s = Shape (x)
          d = Gather <axis = 0> (s, zero)
          u = Unsqueeze (d, axis)
          n = Concat <axis = 0> (u, minus)
          r = Reshape (x, n)
          y = Slice (r, starts, ends)
        }""",
    "branches": """
        g (bool cond, float[n] x) => (float[m] y)
        {
          y = If (cond) <
            then_branch = t () => (float[k] a) { a = Concat <axis = 0> (x, x) },
            else_branch = e () => (float[n] b) { b = Neg (x) }>
        }""",
    "loop": """
        g (float[2] x, int64 count) => (float[2] y, float[k, 2] all)
        <bool start = {1}>
        {
          y, all = Loop (count, start, x) <
            body = b (int64 i, bool go, float[2] v) => (bool more, float[2] w, float[2] out) {
              more = Identity (go)
              w = Add (v, x)
              out = Identity (w)
            }>
        }""",
    "scan": """
        g (float[2] init, float[5, 2] xs) => (float[2] last, float[5, 2] sums)
        {
          last, sums = Scan <
            num_scan_inputs = 1,
            body = b (float[2] s, float[2] x) => (float[2] t, float[2] o) {
              t = Add (s, x)
              o = Identity (t)
            }> (init, xs)
        }""",
    "recurrent": """
        g (float[seq, 1, 2] x) => (float[seq, 1, 1, 3] y, float[1, 1, 3] h)
        <float[1, 12, 2] w, float[1, 12, 3] r, float[1, 24] b>
        { y, h = LSTM <hidden_size = 3, direction = "reverse"> (x, w, r, b) }""",
    "quantized": """
        g (float[1, 2, 4, 4] x) => (float[1, 2, 4, 4] y)
        <float s = {0.1}, uint8 z = {128},
         int8[2, 2, 1, 1] w = {1, -2, 3, 4}, float[2] ws = {0.1, 0.2}, int8[2] wz = {0, 0}>
        {
          q = QuantizeLinear (x, s, z)
          d = DequantizeLinear (q, s, z)
          v = DequantizeLinear <axis = 0> (w, ws, wz)
          y = Conv (d, v)
        }""",
    "detect": """
        g (float[1, n, 4] boxes, float[1, 2, n] scores) => (int64[m, 3] picked, float[1, 2, k] top)
        <int64 most = {3}, float iou = {0.5}, float least = {0.1}, int64[1] k = {2}>
        {
          picked = NonMaxSuppression (boxes, scores, most, iou, least)
          z = NonZero (scores)
          top, at = TopK <axis = 2> (scores, k)
        }""",
    "resize": """
        g (float[1, 1, 3, 3] x) => (float[1, 1, 6, 6] y, float[1, 1, 5, 5] p)
        <float[4] scales = {1, 1, 2, 2}, int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}>
        {
          y = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> (x, , scales)
          p = Pad <mode = "reflect"> (x, pads)
        }""",
    "indexing": """
        g (float[3, 4] x, int64[2, 2] at) => (float[2] y, float[3, 4] z, float[4, 4] e)
        <float[2] new = {5, 6}>
        {
          y = GatherND (x, at)
          z = ScatterND (x, at, new)
          t = Transpose (x)
          e = Einsum <equation = "ij,jk->ik"> (t, x)
        }""",
}

# Models with a head of their own.
WHOLE = {
    "function": """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
        g (float[n] x) => (float[n] y) { y = local.Twice <scale = 3.0> (x) }
        <domain: "local", opset_import: ["" : 17]>
        Twice <scale> (a) => (c) {
          k = Constant <value_float: float = @scale> ()  m = Mul (a, k)  c = Add (m, m) }""",
    "nested": """<ir_version: 9, opset_import: ["" : 18, "local" : 1]>
        g (bool c, float[4] x) => (float[4] y) <float[4] w = {1, 2, 3, 4}> {
          f = local.outer <slope = 0.5> (x)
          y = If (c) <
            then_branch = t () => (float[4] a) { a = Add (f, w) },
            else_branch = e () => (float[4] b) { q = Relu (x)  b = If (c) <
              then_branch = tt () => (float[4] d) { d = Identity (q) },
              else_branch = ee () => (float[4] k) { k = Mul (q, x) }> }>
        }
        <domain: "local", opset_import: ["" : 18, "local" : 1]>
        outer <slope> (a) => (c) { b = local.inner <alpha : float = @slope> (a)  c = local.inner (b) }
        <domain: "local", opset_import: ["" : 18]>
        inner <alpha : float = 0.25> (a) => (b) { b = LeakyRelu <alpha : float = @alpha> (a) }""",
    "older_forms": """<ir_version: 4, opset_import: ["" : 9]>
        g (float[2, 3, 4, 4] x) => (float[2, 3, 8, 8] y, float[2, 7] z) {
          s = Slice <starts = [0, 1], ends = [2, 3], axes = [0, 1]> (x)
          c = Clip <min = -1.0, max = 1.0> (x)
          p = Pad <pads = [0, 0, 0, 0, 0, 0, 0, 0], value = 0.5> (c)
          f = Constant <value = float[4] {1, 1, 2, 2}> ()
          y = Upsample <mode = "nearest"> (p, f)
          r = ReduceMean <axes = [2, 3], keepdims = 0> (s)
          u = Unsqueeze <axes = [1]> (r)
          q = Squeeze <axes = [1]> (u)
          t, i = TopK <k = 2, axis = -1> (q)
          m = Softmax <axis = 1> (x)
          l, v = Split <axis = 1, split = [1, 1]> (q)
          d, mask = Dropout <ratio = 0.5> (q)
          z = Concat <axis = 1> (d, t, q, l)
        }""",
}


def trees():
    """A decision tree with its lists of attributes, and the maps that follow it."""
    tree = helper.make_node(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "p"],
        domain="ai.onnx.ml",
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values=[0.5, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0, 0],
        class_nodeids=[1, 2],
        class_ids=[0, 1],
        class_weights=[1.0, 1.0],
        classlabels_int64s=[0, 1],
    )
    maps = helper.make_node("ZipMap", ["p"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])
    label = helper.make_tensor_value_info("label", TensorProto.INT64, [None])
    z = helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 2])
    graph = helper.make_graph([tree, maps], "g", [x], [label, z])
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 1)]
    return helper.make_model(graph, ir_version=8, opset_imports=opsets)


def fill_weights(graph):
    """Weights that the text declares without values get small seeded ones."""
    rng = np.random.default_rng(0)
    produced = {name for node in graph.node for name in node.output}
    for info in [info for info in graph.value_info if info.name not in produced]:
        shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        values = rng.standard_normal(shape).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(values, info.name))
        graph.value_info.remove(info)


def oddities():
    """What the text form cannot say: typed data fields, initializers that are inputs, odd names, metadata."""
    weights = [
        helper.make_tensor('w/0:\n"w"', TensorProto.FLOAT16, [2], [0x3C00, 0x4000]),
        helper.make_tensor("i", TensorProto.INT32, [2], [1, -1]),
        helper.make_tensor("s", TensorProto.STRING, [1], [b"text"]),
    ]
    nodes = [
        helper.make_node("Cast", [weights[0].name], ["f"], "", to=TensorProto.FLOAT),
        helper.make_node("Cast", ["i"], ["j"], "cast/2", to=TensorProto.FLOAT),
        helper.make_node("Add", ["f", "j"], ["k"], doc_string="adds"),
        helper.make_node("Mul", ["k", "x"], ["y"]),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["a dim", 2]),
        helper.make_tensor_value_info("i", TensorProto.INT32, [2]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["a dim", 2])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights, doc_string="odd", value_info=inputs[:1])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx", 13)], ir_version=4)
    helper.set_model_props(model, {"key": "value"})
    return model


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    models = {name: parser.parse_model(HEAD + text) for name, text in TEXTS.items()}
    models |= {name: parser.parse_model(text) for name, text in WHOLE.items()}
    models |= {"oddities": oddities(), "trees": trees()}
    for name, model in models.items():
        fill_weights(model.graph)
        onnx.checker.check_model(model)
        (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
