"""The older name of cuda.bindings.runtime."""

from cuda.bindings.runtime import *  # noqa: F403
