"""Kinds of layers that not all majors have: transformers, mixtures of experts, stacked recurrent layers."""

import numpy as np
from common import trt
from layer_tools import MAJOR, Net, check, done, f32, rng, softmax, weights


def transformers():
    if not hasattr(trt, "IRotaryEmbeddingLayer"):
        return
    q, k, v = f32(1, 2, 3, 4), f32(1, 2, 5, 4), f32(1, 2, 5, 4)
    net = Net()
    layer = net.n.add_attention(net(q), net(k), net(v), trt.AttentionNormalizationOp.SOFTMAX, False)
    mask = rng.random((1, 1, 3, 5)) > 0.3
    mask[..., 0] = True
    layer.mask = net(mask)
    want = softmax(np.where(mask, q @ k.transpose(0, 1, 3, 2), -np.inf), -1) @ v
    check("attention", net, layer.get_output(0), want.astype(np.float32))
    angle = rng.random((6, 2)).astype(np.float32)
    x = f32(1, 2, 3, 4)
    net = Net()
    layer = net.n.add_rotary_embedding(net(x), net(np.cos(angle)), net(np.sin(angle)), False, 0)
    layer.set_input(3, net(np.array([[4, 0, 2]], np.int64)))
    c, s = np.cos(angle)[[4, 0, 2]], np.sin(angle)[[4, 0, 2]]
    a, b = x[..., :2], x[..., 2:]
    check("rotary", net, layer, np.concatenate([a * c - b * s, a * s + b * c], -1))
    cache, new = f32(1, 2, 6, 4), f32(1, 2, 2, 4)
    net = Net()
    layer = net.n.add_kv_cache_update(
        net(cache), net(new), net(np.array([3], np.int32)), trt.KVCacheMode.LINEAR
    )
    want = cache.copy()
    want[:, :, 3:5] = new
    check("cache", net, layer, want)


def experts():
    if MAJOR < 10:
        return
    tokens, hidden, inner, count, k = 5, 4, 6, 3, 2
    x = f32(1, tokens, hidden)
    chosen = np.stack([rng.permutation(count)[:k] for _ in range(tokens)])[None].astype(np.int32)
    scores = rng.random((1, tokens, k)).astype(np.float32)
    gate, up, down = f32(count, hidden, inner), f32(count, hidden, inner), f32(count, inner, hidden)
    biases = f32(count, inner), f32(count, inner), f32(count, hidden)
    for title, with_bias, limit, alpha, beta in (
        ("experts", False, np.inf, 1, 0),
        ("swiglu", True, 1.5, 1.7, 1),
    ):
        net = Net()
        layer = net.n.add_moe(net(x), net(chosen), net(scores))
        layer.set_gated_weights(net.constant(gate), net.constant(up), net.constant(down), trt.MoEActType.SILU)
        b = [np.zeros_like(a) for a in biases]
        if with_bias:
            b = biases
            layer.set_gated_biases(*(net.constant(a) for a in b))
            layer.set_swiglu_params(limit, alpha, beta)
        want = np.zeros_like(x)
        for t in range(tokens):
            for e, score in zip(chosen[0, t], scores[0, t], strict=True):
                g = np.minimum(x[0, t] @ gate[e] + b[0][e], limit)
                u = np.clip(x[0, t] @ up[e] + b[1][e], -limit, limit)
                want[0, t] += score * ((g / (1 + np.exp(-alpha * g)) * (u + beta)) @ down[e] + b[2][e])
        check(title, net, layer, want, 1e-4)


def recurrent():
    if MAJOR != 8:
        return
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    batch, time, size, hidden = 2, 3, 4, 5
    G = trt.RNNGateType
    kinds = {
        "LSTM": (trt.RNNOperation.LSTM, [G.INPUT, G.OUTPUT, G.FORGET, G.CELL], {}),
        "GRU": (trt.RNNOperation.GRU, [G.UPDATE, G.RESET, G.HIDDEN], {"linear_before_reset": 1}),
        "RNN": (trt.RNNOperation.RELU, [G.INPUT], {"activations": ["Relu", "Relu"]}),
    }
    for op, (operation, gates, attrs) in kinds.items():
        x, first = f32(batch, time, size), f32(batch, 4, hidden)
        net = Net()
        layer = net.n.add_rnn_v2(net(x), 2, hidden, time, operation)
        layer.direction = trt.RNNDirection.BIDIRECTION
        layer.hidden_state = net(first)
        nodes, initializers = [], []
        y, last = "x0", []
        for depth, width in ((0, size), (1, 2 * hidden)):
            parts = {True: [], False: []}
            shifts = []
            for way in range(2):
                for given in (True, False):
                    for gate in gates:
                        w = f32(hidden, width if given else hidden)
                        b = f32(hidden)
                        layer.set_weights_for_gate(2 * depth + way, gate, given, weights(w))
                        layer.set_bias_for_gate(2 * depth + way, gate, given, weights(b))
                        parts[given].append(w)
                        shifts.append(b)
            rows = len(gates) * hidden
            tensors = {
                "w": np.concatenate(parts[True]).reshape(2, rows, width),
                "r": np.concatenate(parts[False]).reshape(2, rows, hidden),
                "b": np.concatenate(shifts).reshape(2, 2 * rows),
                "h": np.ascontiguousarray(first[:, 2 * depth : 2 * depth + 2].transpose(1, 0, 2)),
            }
            names = {n: f"{n}{depth}" for n in tensors}
            initializers += [numpy_helper.from_array(a, names[n]) for n, a in tensors.items()]
            outputs = [f"Y{depth}", f"H{depth}"]
            inputs = [y, names["w"], names["r"], names["b"], "", names["h"]]
            nodes.append(
                helper.make_node(op, inputs, outputs, hidden_size=hidden, direction="bidirectional", **attrs)
            )
            nodes.append(helper.make_node("Transpose", [f"Y{depth}"], [f"t{depth}"], perm=[0, 2, 1, 3]))
            initializers.append(numpy_helper.from_array(np.array([time, batch, 2 * hidden]), f"s{depth}"))
            y = f"x{depth + 1}"
            nodes.append(helper.make_node("Reshape", [f"t{depth}", f"s{depth}"], [y]))
            last.append(f"H{depth}")
        info = [helper.make_tensor_value_info("x0", TensorProto.FLOAT, [time, batch, size])]
        outs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in (y, *last)]
        graph = helper.make_graph(nodes, "g", info, outs, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
        session = onnxruntime.InferenceSession(model.SerializeToString())
        data, *states = session.run(None, {"x0": x.transpose(1, 0, 2).copy()})
        want = [data.transpose(1, 0, 2), np.concatenate(states).transpose(1, 0, 2)]
        check(op, net, [layer.get_output(0), layer.get_output(1)], want, 1e-4)


for group in (transformers, experts, recurrent):
    group()
print(len(done))
