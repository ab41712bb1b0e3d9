"""What Ingot raises: one class for each kind of failure, all of them IngotErrors.

The message names what was got and what was expected.
"""


class IngotError(Exception):
    """Base of all errors that Ingot raises."""


class InvalidArgument(IngotError, ValueError):
    """A value that the caller gave is wrong: a name, shape, type or option."""


class Unsupported(IngotError):
    """Well-formed, but Ingot has no way to do it; for a model, the whole list of what is not understood."""


class NotFound(IngotError, LookupError):
    """A file, tensor, layer or option that does not exist."""


class CorruptFile(IngotError):
    """Bytes that are damaged, or not of the expected format."""


class IoError(IngotError, OSError):
    """The operating system refused to read or write."""


class OutOfMemory(IngotError, MemoryError):
    """An allocation failed, or is larger than allowed."""


class FailedPrecondition(IngotError, RuntimeError):
    """The right call at the wrong time: a context in use by another thread, an input without data."""


class DeviceError(IngotError):
    """An accelerator failed."""


class Cancelled(IngotError):
    """The caller asked to stop."""


class InternalError(IngotError):
    """A bug in Ingot, found without crashing."""
