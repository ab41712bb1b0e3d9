"""build and load: from models and files to engines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import _ingot
from .errors import InvalidArgument

Dims = Sequence[int]


@dataclass(frozen=True)
class Profile:
    """Bounds of one input's dims: memory is planned for `max`, kernels are chosen at `opt`.

    Runs outside of [min, max] are refused. Without `opt` and `max`, they are those of `min`.
    """

    min: Dims
    opt: Dims | None = None
    max: Dims | None = None

    def _ranges(self):
        opt = self.max if self.opt is None else self.opt
        opt = self.min if opt is None else opt
        return [list(self.min), list(opt), list(opt if self.max is None else self.max)]


Model = str | os.PathLike | bytes | _ingot.Network
ShapeOrProfile = Dims | Profile


def _is_profile(value):
    return isinstance(value, Profile)


def _checked(name, what, make):
    try:
        return make()
    except TypeError as error:
        raise InvalidArgument(f"{what} of input {name!r}: {error}") from error


def build(
    model: Model,
    shapes: Mapping[str, ShapeOrProfile] | None = None,
    profiles: Iterable[Mapping[str, Profile]] | None = None,
    *,
    device: str = "cpu",
    threads: int = 0,
    fp16: bool = False,
    bf16: bool = False,
    int8: bool = False,
    fp8: bool = False,
    calibration: Iterable[Mapping] | None = None,
    calibration_method: str = "entropy",
    calibration_cache: str | os.PathLike | None = None,
    tf32: bool = True,
    level: int = 3,
    timing_cache: str | os.PathLike | None = None,
    disable_passes: Sequence[str] = (),
    dump_before: Sequence[str] = (),
    dump_after: Sequence[str] = (),
    dump_dir: str | os.PathLike = ".",
    stop_after: str | None = None,
    refittable: bool = False,
    metadata: Mapping[str, str] | None = None,
    progress: Callable[[str, float, float, float | None], None] | None = None,
) -> _ingot.Engine:
    """Builds an engine from an ONNX file, ONNX bytes or a Network.

    shapes: dims of inputs that the model leaves open, by name; a Profile instead of dims gives bounds.
    profiles: several sets of bounds, {input name: Profile} each; a run takes the first that fits.
    device: "cpu", or "cuda" for the machine's first GPU.
    threads: that the engine is tuned for; 0: the machine's cores.
    fp16, bf16: compute in float16 or bfloat16, with sums, statistics and softmax in float32; for GPUs.
    int8, fp8: layers between QuantizeLinear and DequantizeLinear compute on 8-bit integers or FP8. On GPUs
        they do so in any case; a warning tells where there is no such layer.
    calibration: samples, {input name: array} each, from which int8 takes its scales where the model has no
        quantizers. calibration_method: "entropy" or "minmax". calibration_cache: a file of the ranges found,
        which is read where it is there, and written else.
    tf32: lets GPUs round the operands of float32 products to TF32.
    level: effort of the tuner, from 0 (times nothing) to 5.
    timing_cache: file that keeps timings between builds.
    disable_passes, dump_before, dump_after, stop_after: graph passes by name; "all" disables all; the graph's
        text goes to files in dump_dir.
    refittable: keeps the network as it was before optimization in the engine, for Engine.refit.
    metadata: text to keep with the engine: Engine.metadata.
    progress: called with (phase, done, total, seconds left or None) while the engine is built.

    Raises NotFound, IoError or CorruptFile for the file, Unsupported with everything in the model that Ingot
    does not understand, InvalidArgument for options.
    """
    shapes = dict(shapes or {})
    bounds = {name: shapes.pop(name) for name in list(shapes) if _is_profile(shapes[name])}
    sets = [dict(p) for p in profiles or []]
    if bounds and sets:
        raise InvalidArgument("profiles are given both in shapes and in profiles, expected one of them")
    if bounds:
        sets = [bounds]
    for one in sets:
        for name, profile in one.items():
            if not _is_profile(profile):
                raise InvalidArgument(
                    f"profile of input {name!r}: got {profile!r}, expected an ingot.Profile"
                )
    options = _ingot.BuildOptions()
    options.device = device
    options.threads = threads
    options.fp16, options.bf16, options.tf32 = fp16, bf16, tf32
    options.int8, options.fp8 = int8, fp8
    if calibration is not None or calibration_cache is not None:
        if calibration_method not in ("entropy", "minmax"):
            raise InvalidArgument(
                f"calibration_method is {calibration_method!r}, expected 'entropy' or 'minmax'"
            )
        cache = None if calibration_cache is None else Path(calibration_cache)
        cached = cache.read_text() if cache is not None and cache.exists() else ""
        write = cache.write_text if cache is not None else lambda text: None
        options.set_calibration(iter(calibration or ()), calibration_method, cached, write)
    options.level = level
    options.timing_cache = "" if timing_cache is None else os.fspath(timing_cache)
    options.disable_passes = list(disable_passes)
    options.dump_before, options.dump_after = list(dump_before), list(dump_after)
    options.dump_dir = os.fspath(dump_dir)
    options.stop_after = stop_after or ""
    options.refittable = refittable
    options.metadata = dict(metadata or {})
    for name, dims in shapes.items():
        _checked(name, "shape", lambda name=name, dims=dims: options.set_shape(name, [int(d) for d in dims]))
    for one in sets:
        options.add_profile(
            {name: _checked(name, "profile", profile._ranges) for name, profile in one.items()}
        )
    if isinstance(model, _ingot.Network):
        return _ingot.build_network(model, options, progress)
    if isinstance(model, (bytes, bytearray, memoryview)):
        return _ingot.build_bytes(bytes(model), options, progress)
    return _ingot.build_file(os.fspath(model), options, progress)


def load(engine: str | os.PathLike | bytes) -> _ingot.Engine:
    """Loads an engine from a file, which stays mapped and is shared by its contexts, or from bytes.

    Where no plan in it fits this machine, one is made anew, and `Engine.warnings` says so.
    Raises NotFound, IoError, CorruptFile, or Unsupported for a file of another version.
    """
    if isinstance(engine, (bytes, bytearray, memoryview)):
        return _ingot.load_bytes(bytes(engine))
    return _ingot.load_file(os.fspath(engine))
