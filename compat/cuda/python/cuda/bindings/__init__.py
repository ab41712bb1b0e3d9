"""cuda.bindings: runtime and driver."""

__version__ = "13.0.0"
