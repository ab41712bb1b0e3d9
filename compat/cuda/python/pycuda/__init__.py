"""The part of PyCUDA that TensorRT's scripts use, on a machine without a GPU: memory, streams, events."""

VERSION = (2024, 1, 2)
VERSION_TEXT = "2024.1.2"
