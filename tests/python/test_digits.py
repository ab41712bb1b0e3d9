"""The committed digit classifier: the images are real and held out, and the network reads them."""

import csv
import importlib.util

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from sources import ROOT

FOLDER = ROOT / "examples" / "digits"


@pytest.fixture(scope="module")
def digits():
    """(file names, images as the network takes them, labels)"""
    with open(FOLDER / "images" / "labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    pixels = np.stack([np.asarray(Image.open(FOLDER / "images" / row["file"])) for row in rows])
    return pixels, (pixels[:, None] / 255).astype(np.float32), np.array([int(row["digit"]) for row in rows])


@pytest.fixture(scope="module")
def session():
    assert (FOLDER / "digits.onnx").stat().st_size < 1 << 20
    return onnxruntime.InferenceSession(FOLDER / "digits.onnx", providers=["CPUExecutionProvider"])


def test_answers(digits, session):
    _, images, labels = digits
    (chances,) = session.run(["probabilities"], {"image": images})
    assert chances.shape == (100, 10)
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    assert (chances.argmax(1) == labels).mean() >= 0.97


def test_batch_is_free(digits, session):
    _, images, _ = digits
    (together,) = session.run(None, {"image": images[:7]})
    apart = np.concatenate([session.run(None, {"image": image[None]})[0] for image in images[:7]])
    np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-7)


def test_images_are_the_held_out_ones(digits):
    spec = importlib.util.spec_from_file_location("train", FOLDER / "train.py")
    train = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(train)
    all_pixels, all_labels, held, used = train.load()
    assert not set(held) & set(used) and len(held) + len(used) == len(all_pixels)
    known = {(all_pixels[i].tobytes(), int(all_labels[i])) for i in held}
    pixels, _, labels = digits
    assert all((image.tobytes(), int(label)) in known for image, label in zip(pixels, labels, strict=True))
    assert np.bincount(labels).tolist() == [10] * 10
