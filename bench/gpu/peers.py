"""PyTorch on the same networks, in a process of its own: peers.py MODEL WAY PRECISION SHAPES

SHAPES are JSON, WAY is eager, compile or library. Gets ready, prints "ready SECONDS", and answers each line
of its input by milliseconds of one replay. All is a CUDA graph, channels last, with cuDNN's own search on;
compile is torch.compile (max-autotune) with constants folded into the weights, library the same with products
and convolutions by cuBLAS and cuDNN alone.
"""

import contextlib
import fcntl
import json
import os
import sys
import time
from pathlib import Path

import torch


def network(model):
    """A module with random weights."""
    if model == "bert_base":
        from transformers import BertConfig, BertModel

        return BertModel(BertConfig(), add_pooling_layer=False)
    import torchvision

    if model.startswith("fcn"):
        return torchvision.models.segmentation.fcn_resnet101(weights=None, weights_backbone=None)
    return getattr(torchvision.models, model)(weights=None)


def inputs(shapes, dtype):
    out = []
    for name, dims in shapes.items():
        if name in ("input_ids", "attention_mask", "token_type_ids"):
            high = {"input_ids": 20000, "attention_mask": 2, "token_type_ids": 1}[name]
            ids = torch.randint(0, high, dims, device="cuda")
            out.append(ids.clamp_(min=1 if name == "attention_mask" else 0))
        else:
            x = torch.randn(dims, device="cuda", dtype=dtype)
            out.append(x.contiguous(memory_format=torch.channels_last))
    return out


@contextlib.contextmanager
def alone():
    """One process of this script at a time: cuDNN's search times its candidates."""
    with open(__file__) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def compiled(module, feeds, way):
    """The module, compiled for the feeds. torch.compile's workers take the ptxas that comes with torch. Where
    this process took Triton's, another version, it would compile again, one by one, what they bring; and so
    where it did not wait for them."""
    ptxas = Path(torch.__file__).parent / "bin" / "ptxas"
    if ptxas.exists():
        os.environ.setdefault("TRITON_PTXAS_PATH", str(ptxas))
    import torch._inductor.config as inductor
    from torch._inductor.async_compile import AsyncCompile, shutdown_compile_workers

    inductor.freezing = True
    if way == "library":
        inductor.max_autotune_gemm_backends = inductor.max_autotune_conv_backends = "ATEN"
    AsyncCompile.wait_pool_ready()
    function = torch.compile(module, mode="max-autotune-no-cudagraphs")
    function(*feeds)
    shutdown_compile_workers()
    return function


def graph_of(function):
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(5):
            function()
        side.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=side):
            function()
    return graph


def milliseconds(replay, blocks=9):
    """The median of blocks of 50 runs, fewer where a block would take more than a tenth of a second."""

    def block(runs):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(runs):
            replay()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / runs

    runs = max(5, min(50, int(100 / block(5))))
    return sorted(block(runs) for _ in range(blocks))[blocks // 2]


def main():
    model, way, precision, shapes = sys.argv[1:5]
    begin = time.time()
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    dtype = torch.float16 if precision == "fp16" else torch.float32
    module = network(model).eval().cuda().to(dtype)
    if model != "bert_base":
        module = module.to(memory_format=torch.channels_last)
    feeds = inputs(json.loads(shapes), dtype)
    with torch.no_grad():
        if way != "eager":
            module = compiled(module, feeds, way)
        with alone():
            graph = graph_of(lambda: module(*feeds))
        torch.cuda.empty_cache()  # of what others need memory for
        print(f"ready {time.time() - begin:.0f}", flush=True)
        for _ in sys.stdin:
            print(f"{milliseconds(graph.replay):.4f}", flush=True)


if __name__ == "__main__":
    main()
