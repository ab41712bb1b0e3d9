"""Every kind of layer that all majors have, each in a network of its own, against numpy."""

import numpy as np
from common import trt
from layer_tools import INT_INDEX, MAJOR, NONE, Net, check, conv2d, done, f32, kept, softmax, weights


def convolutions():
    x, w, b = f32(2, 4, 9, 8), f32(6, 2, 3, 3), f32(6)
    net = Net()
    layer = net.n.add_convolution_nd(net(x), 6, (3, 3), weights(w), weights(b))
    layer.num_groups = 2
    layer.stride_nd = (2, 2)
    layer.pre_padding, layer.post_padding = (1, 0), (0, 1)
    assert tuple(layer.kernel_size_nd) == (3, 3) and layer.num_output_maps == 6
    check("convolution", net, layer, conv2d(x, w, b, 2, (1, 0, 0, 1), groups=2), 1e-4)

    net = Net()
    layer = net.n.add_convolution_nd(net(x), 6, (3, 3), weights(w), NONE)
    layer.num_groups, layer.dilation_nd, layer.padding_nd = 2, (2, 2), (2, 2)
    check("dilated", net, layer, conv2d(x, w, np.zeros(6), 1, (2, 2, 2, 2), 2, 2).astype(np.float32), 1e-4)

    net = Net()  # kernel as a tensor, and "same" padding
    layer = net.n.add_convolution_nd(net(x), 6, (3, 3), NONE, NONE)
    layer.set_input(1, net(w))
    layer.num_groups, layer.padding_mode = 2, trt.PaddingMode.SAME_UPPER
    check(
        "kernel tensor", net, layer, conv2d(x, w, np.zeros(6), 1, (1, 1, 1, 1), 1, 2).astype(np.float32), 1e-4
    )

    w = f32(4, 3, 2, 2)
    net = Net()
    layer = net.n.add_deconvolution_nd(net(x), 3, (2, 2), weights(w), NONE)
    layer.stride_nd = (2, 2)
    want = np.einsum("nchw,ckij->nkhiwj", x, w).reshape(2, 3, 18, 16)
    check("deconvolution", net, layer, want, 1e-4)
    if MAJOR == 8:
        net = Net()
        layer = net.n.add_convolution(net(x), 6, trt.DimsHW(3, 3), weights(f32(6, 4, 3, 3)), NONE)
        layer.stride, layer.padding, layer.dilation = (2, 2), (1, 1), (1, 1)
        w = kept[-1]
        check(
            "convolution of 8",
            net,
            layer,
            conv2d(x, w, np.zeros(6), 2, (1, 1, 1, 1)).astype(np.float32),
            1e-4,
        )
        net = Net()
        k, b = f32(5, 4 * 9 * 8), f32(5)
        layer = net.n.add_fully_connected(net(x), 5, weights(k), weights(b))
        check("fully connected", net, layer, (x.reshape(2, -1) @ k.T + b).reshape(2, 5, 1, 1), 1e-4)


def pooling():
    x = f32(1, 2, 4, 6)
    blocks = x.reshape(1, 2, 2, 2, 3, 2)
    for kind, want in [
        (trt.PoolingType.MAX, blocks.max((3, 5))),
        (trt.PoolingType.AVERAGE, blocks.mean((3, 5))),
        (trt.PoolingType.MAX_AVERAGE_BLEND, 0.75 * blocks.max((3, 5)) + 0.25 * blocks.mean((3, 5))),
    ]:
        net = Net()
        layer = net.n.add_pooling_nd(net(x), kind, (2, 2))
        layer.stride_nd = (2, 2)
        layer.blend_factor = 0.25
        check(f"pooling {kind}", net, layer, want.astype(np.float32))
    for excludes in (True, False):
        net = Net()
        layer = net.n.add_pooling_nd(net(np.ones((1, 1, 2, 2), np.float32)), trt.PoolingType.AVERAGE, (2, 2))
        layer.stride_nd, layer.padding_nd, layer.average_count_excludes_padding = (2, 2), (1, 1), excludes
        check("count", net, layer, np.full((1, 1, 2, 2), 1 if excludes else 0.25, np.float32))
    net = Net()
    layer = net.n.add_pooling_nd(net(x), trt.PoolingType.MAX, (2, 4))
    layer.stride_nd, layer.padding_mode = (2, 4), trt.PaddingMode.EXPLICIT_ROUND_UP
    assert tuple(layer.get_output(0).shape) == (1, 2, 2, 2)
    net = Net()
    layer = net.n.add_padding_nd(net(x), (1, -1), (0, 2))
    check("padding", net, layer, np.pad(x[..., 1:], ((0, 0), (0, 0), (1, 0), (0, 2))))


def shapes():
    x = f32(2, 3, 4)
    net = Net()
    layer = net.n.add_shuffle(net(x))
    layer.first_transpose = (2, 0, 1)
    layer.reshape_dims = (0, -1)
    layer.second_transpose = (1, 0)
    check("shuffle", net, layer, x.transpose(2, 0, 1).reshape(4, 6).T)
    net = Net()
    layer = net.n.add_shuffle(net(x))
    layer.set_input(1, net.constant(np.array([6, 4], np.int32)))
    check("shuffle by a tensor", net, layer, x.reshape(6, 4))

    net = Net()
    layer = net.n.add_slice(net(x), (1, 2, 0), (1, 3, 2), (1, -1, 2))
    check("slice", net, layer, x[1:2, ::-1, 0:4:2])
    net = Net()
    layer = net.n.add_slice(net(x), (0, 0, 0), (2, 3, 4), (1, 1, 1))
    for i, v in [(1, (0, 2, 1)), (2, (1, 3, 2)), (3, (1, -1, 1))]:
        layer.set_input(i, net.constant(np.array(v, np.int32)))
    check("slice by tensors", net, layer, x[0:1, ::-1, 1:3])
    row = np.arange(4, dtype=np.float32)
    mode = trt.SampleMode if hasattr(trt, "SampleMode") else trt.SliceMode
    for kind, want in [
        (mode.WRAP, [2, 3, 0, 1, 2, 3, 0, 1]),
        (mode.CLAMP, [0, 0, 0, 1, 2, 3, 3, 3]),
        (mode.REFLECT, [2, 1, 0, 1, 2, 3, 2, 1]),
        (mode.FILL, [0, 0, 0, 1, 2, 3, 0, 0]),
    ]:
        net = Net()
        layer = net.n.add_slice(net(row), (-2,), (8,), (1,))
        layer.mode = kind
        check(f"slice {kind}", net, layer, np.array(want, np.float32))

    net = Net()
    layer = net.n.add_concatenation([net(x), net(x + 1)])
    layer.axis = 2
    check("concatenation", net, layer, np.concatenate([x, x + 1], 2))
    net = Net()
    check("shape", net, net.n.add_shape(net(x)), np.array(x.shape, INT_INDEX))
    net = Net()
    check("cast", net, net.n.add_cast(net(x * 5), trt.int32), (x * 5).astype(np.int32))
    if MAJOR < 11:
        net = Net()
        layer = net.n.add_identity(net(x * 5))
        layer.set_output_type(0, trt.int32)
        assert layer.output_type_is_set(0)
        check("identity of another type", net, layer, (x * 5).astype(np.int32))
    if MAJOR >= 10:
        net = Net()
        y = net.n.add_unsqueeze(net(x), net.constant(np.array([0, 2], np.int64))).get_output(0)
        assert tuple(y.shape) == (1, 2, 1, 3, 4)
        y = net.n.add_squeeze(y, net.constant(np.array([0], np.int64)))
        check("squeeze", net, y, x[:, None])


def reductions():
    x = f32(2, 3, 4)
    op = trt.ReduceOperation
    for kind, f in [
        (op.SUM, np.sum),
        (op.PROD, np.prod),
        (op.MAX, np.max),
        (op.MIN, np.min),
        (op.AVG, np.mean),
    ]:
        net = Net()
        layer = net.n.add_reduce(net(x), kind, 0b101, True)
        check(f"reduce {kind}", net, layer, f(x, (0, 2), keepdims=True))
    net = Net()
    layer = net.n.add_topk(net(x), trt.TopKOperation.MIN, 2, 0b100)
    order = np.argsort(x, 2)[..., :2]
    want = [np.take_along_axis(x, order, 2), order.astype(np.int32)]
    check("topk", net, [layer.get_output(0), layer.get_output(1)], want)
    net = Net()
    layer = net.n.add_softmax(net(x))
    assert layer.axes == 1
    layer.axes = 2
    check("softmax", net, layer, softmax(x, 1))
    net = Net()
    layer = net.n.add_ragged_softmax(net(x[0]), net(np.array([[1], [2], [4]], np.int32)))
    want = np.zeros((3, 4), np.float32)
    for i, n in enumerate((1, 2, 4)):
        want[i, :n] = softmax(x[0, i, :n], 0)
    check("ragged softmax", net, layer, want)
    if MAJOR >= 10:
        net = Net()
        axis = net.constant(np.array(1, np.int32))
        layer = net.n.add_cumulative(net(x), axis, trt.CumulativeOperation.SUM, False, True)
        check("cumulative", net, layer, x[:, ::-1].cumsum(1)[:, ::-1])


def matrices():
    a, b = f32(2, 3, 4), f32(2, 5, 4)
    op = trt.MatrixOperation
    net = Net()
    check(
        "matrix",
        net,
        net.n.add_matrix_multiply(net(a), op.NONE, net(b), op.TRANSPOSE),
        a @ b.transpose(0, 2, 1),
    )
    net = Net()
    layer = net.n.add_matrix_multiply(net(a), op.NONE, net(b[:, 0]), op.VECTOR)
    check("vector", net, layer, np.einsum("bij,bj->bi", a, b[:, 0]))
    net = Net()
    layer = net.n.add_einsum([net(a), net(b)], "bij,bkj->ik")
    assert layer.equation == "bij,bkj->ik"
    check("einsum", net, layer, np.einsum("bij,bkj->ik", a, b))


def gathers():
    x = f32(2, 5, 3)
    at = np.array([[1, 4], [0, 2]], np.int32)
    net = Net()
    check("gather", net, net.n.add_gather(net(x), net(at), 1), x[:, at])
    net = Net()
    layer = net.n.add_gather(net(x), net(at), 2 - 1)
    layer.num_elementwise_dims = 1
    check("gather with batches", net, layer, np.stack([x[b][at[b]] for b in range(2)]))
    net = Net()
    layer = net.n.add_gather(net(x), net(np.array([[2, 0], [1, 1]], np.int32)), 2)
    layer.num_elementwise_dims = 1
    want = np.stack([x[b][:, i] for b, i in enumerate([[2, 0], [1, 1]])])
    check("gather with batches behind", net, layer, want)
    net = Net()
    layer = net.n.add_gather_v2(net(x[0]), net(np.array([[0, 1, 2]], np.int32)), trt.GatherMode.ELEMENT)
    layer.axis = 0
    check("gather element", net, layer, x[0][[[0, 1, 2]], [[0, 1, 2]]])
    net = Net()
    layer = net.n.add_gather_v2(net(x), net(np.array([[1, 2], [0, 4]], np.int32)), trt.GatherMode.ND)
    check("gather nd", net, layer, x[[1, 0], [2, 4]])

    updates = f32(1, 3)
    net = Net()
    layer = net.n.add_scatter(
        net(x[0]), net(np.array([[4, 0, 2]], np.int32)), net(updates), trt.ScatterMode.ELEMENT
    )
    want = x[0].copy()
    want[[4, 0, 2], [0, 1, 2]] = updates[0]
    check("scatter", net, layer, want)
    net = Net()
    layer = net.n.add_scatter(net(x[0]), net(np.array([[3]], np.int32)), net(updates), trt.ScatterMode.ND)
    want = x[0].copy()
    want[3] = updates[0]
    check("scatter nd", net, layer, want)

    net = Net()
    check("select", net, net.n.add_select(net(x > 0), net(x), net(-2 * x)), np.where(x > 0, x, -2 * x))
    net = Net()
    values, depth = net.constant(np.array([0, 3], np.float32)), net.constant(np.array(4, np.int32))
    layer = net.n.add_one_hot(net(np.array([1, 3], np.int32)), values, depth, -1)
    check("one hot", net, layer, 3 * np.eye(4, dtype=np.float32)[[1, 3]])
    net = Net()
    layer = net.n.add_reverse_sequence(net(x), net(np.array([2, 5], np.int32)))
    layer.batch_axis, layer.sequence_axis = 0, 1
    want = x.copy()
    want[0, :2], want[1] = x[0, 1::-1], x[1, ::-1]
    check("reverse sequence", net, layer, want)


def normalizations():
    x = np.abs(f32(2, 6, 3, 4)) + 0.5
    scale, shift, power = f32(6), np.abs(f32(6)), np.full(6, 2, np.float32)
    column = (None, slice(None), None, None)
    net = Net()
    layer = net.n.add_scale(net(x), trt.ScaleMode.CHANNEL, weights(shift), weights(scale), weights(power))
    check("scale", net, layer, (x * scale[column] + shift[column]) ** 2, 1e-4)
    net = Net()
    layer = net.n.add_scale_nd(net(x), trt.ScaleMode.CHANNEL, weights(shift[:3]), NONE, NONE, 2)
    check("scale of another axis", net, layer, x + shift[:3, None])
    net = Net()
    layer = net.n.add_scale(net(x), trt.ScaleMode.UNIFORM, weights([2]), weights([3]), NONE)
    check("uniform scale", net, layer, x * 3 + 2)
    net = Net()
    slopes = np.abs(f32(1, 6, 1, 1))
    check(
        "prelu",
        net,
        net.n.add_parametric_relu(net(x - 1), net(slopes)),
        np.where(x > 1, x - 1, (x - 1) * slopes),
    )
    net = Net()
    layer = net.n.add_lrn(net(x), 3, 0.5, 0.75, 2.0)
    square = np.pad(x * x, ((0, 0), (1, 1), (0, 0), (0, 0)))
    total = square[:, :-2] + square[:, 1:-1] + square[:, 2:]
    check("lrn", net, layer, x / (2 + 0.5 / 3 * total) ** 0.75, 1e-4)

    def normal(v, axes):
        return (v - v.mean(axes, keepdims=True)) / np.sqrt(v.var(axes, keepdims=True) + 1e-3)

    for title, shape, axes, groups in [
        ("layer norm", (1, 1, 1, 4), (3,), 1),
        ("instance norm", (1, 6, 1, 1), (2, 3), 1),
        ("group norm", (1, 2, 1, 1), (2, 3), 2),
    ]:
        s, b = f32(*shape), f32(*shape)
        net = Net()
        layer = net.n.add_normalization(net(x), net(s), net(b), sum(1 << a for a in axes))
        layer.epsilon, layer.num_groups = 1e-3, groups
        if groups == 1:
            want = normal(x, axes) * s + b
        else:
            want = normal(x.reshape(2, 2, -1), (2,)) * s.reshape(1, 2, 1) + b.reshape(1, 2, 1)
        check(title, net, layer, want.reshape(x.shape).astype(np.float32), 1e-4)


def images():
    x = f32(1, 2, 3, 4)
    net = Net()
    layer = net.n.add_resize(net(x))
    layer.shape = (1, 2, 6, 8)
    check("resize", net, layer, x.repeat(2, 2).repeat(2, 3))
    net = Net()
    layer = net.n.add_resize(net(x))
    layer.scales = [1, 1, 2, 1]
    mode = trt.InterpolationMode if hasattr(trt, "InterpolationMode") else trt.ResizeMode
    layer.resize_mode = mode.LINEAR
    layer.coordinate_transformation = trt.ResizeCoordinateTransformation.HALF_PIXEL
    at = np.clip((np.arange(6) + 0.5) / 2 - 0.5, 0, 2)
    low = np.floor(at).astype(int)
    part = (at - low)[:, None]
    want = x[:, :, low] * (1 - part) + x[:, :, np.minimum(low + 1, 2)] * part
    check("resize linear", net, layer, want.astype(np.float32))
    net = Net()
    ys, xs = np.meshgrid(np.linspace(-1, 1, 3), np.linspace(-1, 1, 4), indexing="ij")
    layer = net.n.add_grid_sample(net(x), net(np.stack([xs, ys], -1)[None].astype(np.float32)))
    layer.align_corners = True
    check("grid sample", net, layer, x, 1e-4)
    boxes = np.array([[[0, 0, 1, 1], [0, 0, 1, 0.9], [2, 2, 3, 3]]], np.float32)
    scores = np.array([[[0.9], [0.8], [0.7]]], np.float32)
    net = Net()
    layer = net.n.add_nms(net(boxes), net(scores), net.constant(np.array(3, np.int32)))
    layer.set_input(3, net.constant(np.array(0.5, np.float32)))
    check("nms", net, [layer.get_output(1)], [np.array(2, np.int32)])


def fills():
    op = trt.FillOperation
    net = Net()
    layer = net.n.add_fill((5,), op.LINSPACE, *([] if MAJOR < 11 else [trt.float32]))
    layer.alpha, layer.beta = 3, 0.5
    check("linspace", net, layer, (3 + 0.5 * np.arange(5)).astype(np.float32))
    net = Net()
    layer = net.n.add_fill((2, 3), op.LINSPACE, *([] if MAJOR < 11 else [trt.int32]))
    layer.set_input(1, net.constant(np.array(1, np.int32)))
    layer.set_input(2, net.constant(np.array([10, 2], np.int32)))
    check("linspace of two dims", net, layer, np.array([[1, 3, 5], [11, 13, 15]], np.int32))
    net = Net()
    layer = net.n.add_fill((1000,), op.RANDOM_UNIFORM, *([] if MAJOR < 11 else [trt.float32]))
    layer.alpha, layer.beta = 2, 4
    low = net.n.add_reduce(layer.get_output(0), trt.ReduceOperation.MIN, 1, False).get_output(0)
    inside = net.n.add_elementwise(
        low, net.constant(np.float32(2).reshape(())), trt.ElementWiseOperation.GREATER
    )
    check("random", net, net.n.add_cast(inside.get_output(0), trt.int32), np.array(1, np.int32))
    net = Net()
    a, b = net(np.array([7, -7, 7, -7], np.int32)), net(np.array([2, 2, -2, -2], np.int32))
    layer = net.n.add_elementwise(a, b, trt.ElementWiseOperation.FLOOR_DIV)
    check("floor division", net, layer, np.array([3, -4, -4, 3], np.int32))


def quantization():
    x = f32(2, 3)
    net = Net()
    scale = net.constant(np.array([0.1, 0.2, 0.3], np.float32))
    q = net.n.add_quantize(net(x), scale, *([] if MAJOR < 11 else [trt.int8]))
    q.axis = 1
    y = net.n.add_dequantize(q.get_output(0), scale, *([] if MAJOR < 11 else [trt.float32]))
    y.axis = 1
    s = np.array([0.1, 0.2, 0.3], np.float32)
    check("quantize", net, y, np.clip(np.rint(x / s), -128, 127).astype(np.float32) * s)


for group in (convolutions, pooling, shapes, reductions, matrices, gathers, normalizations, images, fills,
              quantization):  # fmt: skip
    group()
print(len(done))
