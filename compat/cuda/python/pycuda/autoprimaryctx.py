"""Importing this module makes the context that pycuda.driver works in."""

from pycuda.autoinit import context, device

__all__ = ["context", "device"]
