#!/usr/bin/env python3
"""The demo behind `./dev demo`: digits with the command line, the same in Python, then a ResNet-50.

First the repository's own digit classifier (examples/digits) becomes an engine and reads real images that it
was not trained on. Then a ResNet-50 is made op by op, without a file, and timed against onnxruntime.
"""

import argparse
import csv
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import ingot
import numpy as np
import resnet50
from PIL import Image

DIGITS = Path(os.path.relpath(Path(__file__).parent / "digits"))


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def read_images():
    """(images as the network takes them, their digits)"""
    with open(DIGITS / "images" / "labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    pixels = [np.asarray(Image.open(DIGITS / "images" / row["file"])) for row in rows]
    return (np.stack(pixels)[:, None] / 255).astype(np.float32), np.array([int(row["digit"]) for row in rows])


def show(images, chances, labels, count=5):
    """The first images side by side as text, each with its answer below."""
    for y in range(8):
        print(
            "   ".join("".join(" .:+#@"[int(p * 5.99)] * 2 for p in image[0, y]) for image in images[:count])
        )
    answers = [f"{c.argmax()}, {c.max():.0%} sure" for c in chances[:count]]
    marks = ["" if c.argmax() == label else " (no)" for c, label in zip(chances, labels, strict=True)]
    print(
        "   ".join((answer + mark).center(16) for answer, mark in zip(answers, marks, strict=False)).rstrip()
    )


def accuracy(chances, labels):
    right = int((chances.argmax(1) == labels).sum())
    return f"{right} of {len(labels)} right"


def command(*words):
    print("$", shlex.join(map(str, words)), flush=True)
    subprocess.run(list(map(str, words)), check=True)


def with_command_line(tool, folder, images, labels):
    say("1. Digits with the command line: an ONNX model becomes an engine, the engine reads images")
    np.save(folder / "images.npy", images)
    engine = folder / "digits.ingot"
    command(tool, "build", DIGITS / "digits.onnx", "-o", engine, "--shapes", f"image:{len(images)}x1x8x8")
    command(tool, "run", engine, "--input", f"image={folder / 'images.npy'}", "--output-dir", folder)
    chances = np.load(folder / "probabilities.npy")
    show(images, chances, labels)
    print(f"{accuracy(chances, labels)}, on images it was not trained on")
    return chances


def with_python(images, labels, expected):
    say("2. The same in Python, one image at a time")
    engine = ingot.build(DIGITS / "digits.onnx")
    chances = np.concatenate([engine.run({"image": image[None]})["probabilities"] for image in images])
    difference = np.abs(chances - expected).max()
    print(f"{accuracy(chances, labels)}; largest difference from the command line's answers {difference:.0e}")
    if difference > 1e-4:
        sys.exit("demo: the two ways disagree")


def with_network(threads):
    say("3. ResNet-50 made through the network API, timed against onnxruntime")
    start = time.perf_counter()
    engine = ingot.build(resnet50.make(ingot.Network("resnet50")), threads=threads)
    print(f"built in {time.perf_counter() - start:.1f} s")
    ours, theirs, difference = resnet50.race(engine, threads)
    print(f"Ingot       {ours:6.1f} ms   ({threads} threads, median of runs in turns)")
    print(f"onnxruntime {theirs:6.1f} ms")
    print(f"ratio       {theirs / ours:6.2f}; largest relative difference of the outputs {difference:.0e}")
    if difference > 1e-3:
        sys.exit("demo: the outputs disagree")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"), help="build folder (default: build)")
    build = parser.parse_args().build
    folder = build / "demo"
    folder.mkdir(exist_ok=True)
    tool = build / "bin" / "ingot"

    images, labels = read_images()
    chances = with_command_line(tool, folder, images, labels)
    with_python(images, labels, chances)
    with_network(os.cpu_count() or 1)

    say("To try next")
    print(f"  {tool} inspect {folder / 'digits.ingot'} --layers     what became of the network")
    print(f"  {tool} bench {folder / 'digits.ingot'}               latency, layer by layer")
    print(f"  {tool} verify {DIGITS / 'digits.onnx'}   the engine against the reference interpreter")
    print(f"  {tool} build YOUR_MODEL.onnx -o your.ingot           your own model")


if __name__ == "__main__":
    main()
