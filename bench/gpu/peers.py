"""PyTorch on the same networks: eager float16 in a CUDA graph, channels last, cuDNN's own search on."""

import torch


def network(model):
    """A module with random weights and a function from the row's shapes to its inputs."""
    if model == "bert_base":
        from transformers import BertConfig, BertModel

        return BertModel(BertConfig(), add_pooling_layer=False)
    import torchvision

    if model.startswith("fcn"):
        return torchvision.models.segmentation.fcn_resnet101(weights=None, weights_backbone=None)
    return getattr(torchvision.models, model)(weights=None)


def inputs(shapes):
    out = []
    for name, dims in shapes.items():
        if name in ("input_ids", "attention_mask", "token_type_ids"):
            high = {"input_ids": 20000, "attention_mask": 2, "token_type_ids": 1}[name]
            out.append(
                torch.randint(0, high, dims, device="cuda").clamp_(min=1 if name == "attention_mask" else 0)
            )
        else:
            x = torch.randn(dims, device="cuda", dtype=torch.float16)
            out.append(x.contiguous(memory_format=torch.channels_last))
    return out


def eager_graph_ms(model, shapes, blocks=9, runs=50):
    """Milliseconds of one replay: the median of blocks."""
    torch.backends.cudnn.benchmark = True
    module = network(model).eval().cuda().half()
    if model != "bert_base":
        module = module.to(memory_format=torch.channels_last)
    feeds = inputs(shapes)
    side = torch.cuda.Stream()
    with torch.no_grad(), torch.cuda.stream(side):
        for _ in range(5):
            module(*feeds)
        side.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=side):
            module(*feeds)
    graph.replay()
    torch.cuda.synchronize()
    times = []
    for _ in range(blocks):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(runs):
            graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / runs)
    return sorted(times)[blocks // 2]
