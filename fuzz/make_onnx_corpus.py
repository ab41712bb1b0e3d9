#!/usr/bin/env python3
"""make_onnx_corpus.py [FOLDER]: writes the small models that the ONNX fuzzer starts from.

Each holds a few parts of the format, so that a mutation often hits one that matters.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser

MODELS = {
    "chain": """<ir_version: 9, opset_import: ["" : 18]>
        g (float[batch, 4] x) => (float[batch, 4] y) <float[4] w = {1, 2, 3, 4}> {
          a = Add(x, w)
          b = Softmax<axis = -1>(a)
          y = Relu(b)
        }""",
    "older_forms": """<ir_version: 4, opset_import: ["" : 9]>
        g (float[2, 3, 4, 4] x) => (float[2, 3, 8, 8] y, float[2, 6] z) {
          s = Slice<starts = [0, 1], ends = [2, 3], axes = [0, 1]>(x)
          c = Clip<min = -1.0, max = 1.0>(x)
          p = Pad<pads = [0, 0, 0, 0, 0, 0, 0, 0], value = 0.5>(c)
          f = Constant<value = float[4] {1, 1, 2, 2}>()
          y = Upsample<mode = "nearest">(p, f)
          r = ReduceMean<axes = [2, 3], keepdims = 0>(s)
          u = Unsqueeze<axes = [1]>(r)
          q = Squeeze<axes = [1]>(u)
          t, i = TopK<k = 2, axis = -1>(q)
          m = Softmax<axis = 1>(x)
          d, mask = Dropout<ratio = 0.5>(q)
          z = Concat<axis = 1>(d, t, q)
        }""",
    "shapes": """<ir_version: 8, opset_import: ["" : 17]>
        g (float[n, c, h, w] x) => (float[n, k] y) <int64[1] minus = {-1}, int64[1] zero = {0}> {
          s = Shape(x)
          b = Gather<axis = 0>(s, zero)
          d = Concat<axis = 0>(b, minus)
          r = Reshape(x, d)
          t = Transpose<perm = [1, 0]>(r)
          one = ConstantOfShape(d)
          y = Transpose(t)
        }""",
    "functions": """<ir_version: 9, opset_import: ["" : 18, "local" : 1]>
        g (float[4] x) => (float[4] y) { y = local.twice<slope = 0.5>(x) }
        <domain: "local", opset_import: ["" : 18, "local" : 1]>
        twice <slope> (a) => (c) { b = local.once<alpha : float = @slope>(a)  c = local.once(b) }
        <domain: "local", opset_import: ["" : 18]>
        once <alpha : float = 0.25> (a) => (b) { b = LeakyRelu<alpha : float = @alpha>(a) }""",
    "if": """<ir_version: 8, opset_import: ["" : 16]>
        g (bool c, float[n] x) => (float[n] y) <float[1] w = {3}> {
          y = If(c) <
            then_branch = t () => (float[n] a) { a = Add(x, w) },
            else_branch = e () => (float[n] b) { q = Relu(x)  b = If(c) <
              then_branch = tt () => (float[n] d) { d = Identity(q) },
              else_branch = ee () => (float[n] f) { f = Mul(q, x) }> }>
        }""",
    "loop": """<ir_version: 8, opset_import: ["" : 16]>
        g (int64 m, float[3] x) => (float[3] y, float[k, 3] rows) {
          t = Constant<value = bool {1}>()
          y, rows = Loop(m, t, x) <body = b (int64 i, bool go, float[3] v) => (bool on, float[3] next, float[3] row) {
            on = Identity(go)  next = Add(v, x)  row = Relu(v) }>
        }""",
    "scan": """<ir_version: 8, opset_import: ["" : 16]>
        g (float[2] h, float[5, 2] x) => (float[2] y, float[5, 2] rows) {
          y, rows = Scan(h, x) <num_scan_inputs = 1, body = b (float[2] s, float[2] v) => (float[2] n, float[2] o) {
            n = Add(s, v)  o = Identity(n) }>
        }""",
    "recurrent": """<ir_version: 8, opset_import: ["" : 14]>
        g (float[1, 2, 3] x, float[1, 8, 3] w, float[1, 8, 2] r) => (float[1, 2, 1, 2] y) {
          y, h, c = LSTM<hidden_size = 2, layout = 1>(x, w, r)
        }""",
    "quantized": """<ir_version: 9, opset_import: ["" : 19, "com.microsoft" : 1]>
        g (float[4] x) => (float[4] y) <float s = {0.5}, uint8 z = {128}> {
          q = QuantizeLinear(x, s, z)
          p = com.microsoft.QLinearAdd(q, s, z, q, s, z, s, z)
          y = DequantizeLinear(p, s, z)
        }""",
}


def weights_model():
    """Initializers in every way that the format stores them."""
    arrays = {
        "raw": numpy_helper.from_array(np.arange(4, dtype=np.float32), "raw"),
        "typed": helper.make_tensor("typed", TensorProto.FLOAT, [4], [1.0, 2.0, 3.0, 4.0]),
        "half": helper.make_tensor("half", TensorProto.FLOAT16, [4], [1.0, 2.0, 3.0, 4.0]),
        "flags": helper.make_tensor("flags", TensorProto.BOOL, [4], [True, False, True, False]),
    }
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("sparse", TensorProto.FLOAT, [2], [5.0, 6.0]),
        helper.make_tensor("", TensorProto.INT64, [2], [0, 3]),
        [4],
    )
    nodes = [
        helper.make_node("Add", ["x", "raw"], ["a"]),
        helper.make_node("Add", ["a", "typed"], ["b"]),
        helper.make_node("Cast", ["half"], ["c"], to=TensorProto.FLOAT),
        helper.make_node("Where", ["flags", "b", "c"], ["d"]),
        helper.make_node("Add", ["d", "sparse"], ["y"]),
    ]
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in ("x", "y")]
    graph = helper.make_graph(nodes, "weights", value[:1], value[1:], list(arrays.values()), sparse_initializer=[sparse])
    return helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 18)])


def trees_model():
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
    zipped = helper.make_node("ZipMap", ["p"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])
    label = helper.make_tensor_value_info("label", TensorProto.INT64, [None])
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, [None, 2])
    graph = helper.make_graph([tree, zipped], "trees", [x], [label, z])
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 1)]
    return helper.make_model(graph, ir_version=8, opset_imports=opsets)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "corpus" / "onnx"
    folder.mkdir(parents=True, exist_ok=True)
    models = {name: parser.parse_model(text) for name, text in MODELS.items()}
    models |= {"weights": weights_model(), "trees": trees_model()}
    for name, model in models.items():
        onnx.save(model, folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
