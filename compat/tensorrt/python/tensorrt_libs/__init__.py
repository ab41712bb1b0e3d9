"""NVIDIA's bindings import this package to load TensorRT's libraries before they start.

Ingot's are on the search path already; this package keeps NVIDIA's own, where a wheel has them, from being
loaded in their place."""
