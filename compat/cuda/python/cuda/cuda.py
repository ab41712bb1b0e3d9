"""The older name of cuda.bindings.driver."""

from cuda.bindings.driver import *  # noqa: F403
