#!/usr/bin/env python3
"""Ingot on a GPU, all of it in one call on a machine that needs no network, in two steps.

all.py pack FOLDER [--kept DIR]: after a build, brings together what it needs. DIR, of an earlier run: kernels
that were compiled and what torch.compile searched, so that neither is done twice.
all.py run FOLDER --out DIR [--kept DIR]: there: kernels, steps and networks are checked (checks.py) while
PyTorch's processes get ready; then every row is built, compared and timed in turns with its peers (run.py);
then a GPU without memory. DIR gets what all of them say; tables.py makes the tables of it.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import checks

HERE = Path(__file__).resolve().parent
RESNET50 = [f"resnet50_b{n}" for n in (1, 8, 32, 128)]
SMALL = ["mobilenet_v2_b1", "mobilenet_v2_b128", "efficientnet_b0_b1", "efficientnet_b0_b32"]
IMAGES = [*RESNET50, *SMALL, "fcn_resnet101", "resnet50_b1:tf32", "resnet50_b32:tf32"]
TOKENS = ["bert_base_1x128", "bert_base_32x128", "bert_base_8x384", "vit_b_16_b1", "vit_b_16_b32"]
ROWS = [*RESNET50, "resnet50_b128:int8", *SMALL, *TOKENS, *IMAGES[8:]]
# Torch.compile's searches, in this order: those that an earlier run kept, short ones, the others.
SEARCHED = ["resnet50_b1", "mobilenet_v2_b1", *TOKENS]
SEARCHED += ["efficientnet_b0_b1", "resnet50_b8", "efficientnet_b0_b32", "mobilenet_v2_b128", "resnet50_b32"]
SEARCHED += ["resnet50_b128", "resnet50_b1:tf32", "resnet50_b32:tf32", "fcn_resnet101"]
KEPT = {"kernels.tar.xz": "kernels", "searched.tar.xz": "rows/work/compile"}


def pack(folder, build, kept):
    checks.pack(folder, build)
    shutil.copy(__file__, folder)
    for name in KEPT:
        if kept and (kept / name).exists():
            shutil.copy(kept / name, folder)
    print(f"{sum(f.stat().st_size for f in folder.iterdir()) / 2**20:.1f} MiB")


def keep(work, to):
    """Kernels, and of torch.compile's folders the times it measured."""
    to.mkdir(exist_ok=True)
    for name, place in KEPT.items():
        found = work.glob(f"{place}/*/cache/*" if "compile" in place else f"{place}/*")
        with tarfile.open(to / name, "w:xz", preset=1) as archive:
            for file in found:
                archive.add(file, file.relative_to(work))


def run(folder, out, options):
    begin, work = time.time(), options.work or Path(tempfile.mkdtemp())
    pack, rows = work / "pack", work / "rows"
    checks.unpack(folder, pack)
    for name in KEPT:
        if (folder / name).exists():
            with tarfile.open(folder / name) as file:
                file.extractall(work, filter="data")
    programs = pack / "bench" / "gpu"
    check = [sys.executable, programs / "checks.py", "run", folder, "--out", out, "--work", work]
    groups = ",".join(["weights", *(g for g in options.checks.split(",") if g != "full")])
    meanwhile = [*check, "--only", groups, "--seconds", str(options.patience)]
    words = [
        sys.executable,
        programs / "run.py",
        "--bundle",
        pack,
        "--graphs",
        work / "graphs",
        "--out",
        rows,
    ]
    words += [
        "--rows",
        options.rows,
        "--peers",
        "--compile",
        ",".join(SEARCHED),
        "--library",
        ",".join(IMAGES),
    ]
    words += ["--patience", options.patience, "--lanes", 3, "--slowest", 400]
    words += ["--meanwhile", shlex.join(["nice", *map(str, meanwhile)])]
    left = options.seconds - 15
    env = {**os.environ, "INGOT_KERNEL_CACHE": str(work / "kernels")}
    subprocess.run(["timeout", "-s", "INT", str(left), *map(str, words)], env=env)
    for file in rows.glob("*.json"):
        shutil.copy(file, out)
    if options.kept:
        keep(work, options.kept)
    if "full" in options.checks and time.time() - begin < options.seconds - 5:
        subprocess.run([*check, "--only", "full"])
    print(f"all took {time.time() - begin:.0f} s")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["pack", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--build", type=Path, default=checks.ROOT / "build")
    parser.add_argument("--kept", type=Path, help="what an earlier run left, or this one is to leave")
    parser.add_argument("--out", type=Path, default=Path("."))
    parser.add_argument("--work", type=Path, help="an empty folder for what is unpacked and made")
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--library", default=",".join(IMAGES), help="rows for torch.compile without search")
    parser.add_argument("--seconds", type=float, default=580, help="for all of it")
    parser.add_argument("--patience", type=float, default=200, help="seconds of them until rows are timed")
    parser.add_argument("--checks", default=checks.GROUPS, help="groups of checks.py")
    o = parser.parse_args()
    if o.step == "pack":
        return pack(o.folder, o.build, o.kept)
    o.out.mkdir(parents=True, exist_ok=True)
    return run(o.folder, o.out.resolve(), o)


if __name__ == "__main__":
    sys.exit(main())
