"""Plugins that are Triton kernels, as NVIDIA's samples have them: called in the process (@impl), and compiled
ahead of time into the engine (@aot_impl), which another process runs that knows no plugin.

triton_plugins.py build FOLDER, then triton_plugins.py load FOLDER."""

# ruff: noqa: UP006, UP007, UP035 - the module compares annotations with those of typing

import sys
from pathlib import Path
from typing import Tuple, Union

import torch
from common import Logger, trt

FOLDER = Path(sys.argv[2])
logger = Logger()


def network_with(add):
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    x = network.add_activation(network.add_input("x", trt.float32, (-1, 37)), trt.ActivationType.RELU)
    plugin = add(network, x.get_output(0))
    assert plugin is not None, logger.errors()
    out = network.add_unary(plugin.get_output(0), trt.UnaryOperation.NEG).get_output(0)
    assert tuple(out.shape) == (-1, 37)
    out.name = "y"
    network.mark_output(out)
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    profile.set_shape("x", (1, 37), (64, 37), (500, 37))
    config.add_optimization_profile(profile)
    if hasattr(trt.PreviewFeature, "ALIASED_PLUGIN_IO_10_03"):
        config.set_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03, True)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, logger.errors()
    return plan


def check(plan):
    engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
    assert engine is not None, logger.errors()
    context, stream = engine.create_execution_context(), torch.cuda.Stream()
    for rows in (3, 500, 3, 3, 3):  # the last ones replay a recording
        x = torch.randn(rows, 37, device="cuda")
        y = torch.zeros_like(x)
        torch.cuda.synchronize()
        assert context.set_input_shape("x", tuple(x.shape))
        assert context.set_tensor_address("x", x.data_ptr()) and context.set_tensor_address("y", y.data_ptr())
        assert context.execute_async_v3(stream.cuda_stream), logger.errors()
        stream.synchronize()
        torch.testing.assert_close(y, -(x.relu() + 1))


if sys.argv[1] == "build":
    import tensorrt.plugin as trtp
    import triton
    import triton.language as tl

    @triton.jit
    def add_one(x_ptr, n, y_ptr, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(y_ptr + at, tl.load(x_ptr + at, mask=at < n) + 1, mask=at < n)

    @trtp.register("sample::add_one")
    def _(x: trtp.TensorDesc) -> trtp.TensorDesc:
        return x.like()

    @trtp.impl("sample::add_one")
    def _(x: trtp.Tensor, outputs: Tuple[trtp.Tensor], stream: int):
        with torch.cuda.stream(torch.cuda.ExternalStream(stream)):
            n = x.numel()
            given, out = torch.as_tensor(x, device="cuda"), torch.as_tensor(outputs[0], device="cuda")
            add_one[(triton.cdiv(n, 256),)](given, n, out, BLOCK=256)

    @trtp.aot_impl("sample::add_one")
    def _(
        x: trtp.TensorDesc, outputs: Tuple[trtp.TensorDesc], tactic: int
    ) -> Tuple[Union[str, bytes], Union[str, bytes], trtp.KernelLaunchParams, trtp.SymExprs]:
        types = {"x_ptr": "*fp32", "n": "i32", "y_ptr": "*fp32", "BLOCK": "constexpr"}
        source = triton.compiler.ASTSource(fn=add_one, signature=types, constexprs={"BLOCK": 256})
        compiled, n = triton.compile(source), x.shape_expr.numel()
        launch, integers = trtp.KernelLaunchParams(), trtp.SymIntExprs(1)
        launch.grid_x = trtp.cdiv(n, 256)
        launch.block_x, launch.shared_mem = compiled.metadata.num_warps * 32, compiled.metadata.shared
        integers[0] = trtp.SymInt32(n)
        return compiled.metadata.name, compiled.asm["ptx"], launch, integers

    @trtp.register("sample::add_one_in_place")
    def _(x: trtp.TensorDesc) -> trtp.TensorDesc:
        return x.aliased()

    @trtp.impl("sample::add_one_in_place")
    def _(x: trtp.Tensor, outputs: Tuple[trtp.Tensor], stream: int):
        with torch.cuda.stream(torch.cuda.ExternalStream(stream)):
            torch.as_tensor(x, device="cuda").add_(1)

    ops = trtp.op.sample
    check(network_with(lambda network, x: network.add_plugin(ops.add_one(x), aot=False)))
    check(network_with(lambda network, x: network.add_plugin(ops.add_one_in_place(x))))
    plan = network_with(lambda network, x: network.add_plugin(ops.add_one(x), aot=True))
    (FOLDER / "engine").write_bytes(plan)
check((FOLDER / "engine").read_bytes())
assert logger.errors() == [], logger.errors()
print("ok")
