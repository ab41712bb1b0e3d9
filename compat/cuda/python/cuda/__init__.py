"""The part of cuda-python that TensorRT's scripts use, on a machine without a GPU."""
