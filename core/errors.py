"""The exceptions of spinspike, all children of one.

::

    SpinspikeError
    ├── BadInput          a value the caller gave is not allowed (also a ValueError)
    │   ├── BadFile       a file is missing, corrupt or of another kind
    │   └── OutOfRange    a number does not fit the chip's registers
    ├── MissingPart       an optional package is not installed (also an ImportError)
    └── SimulationFailed  a simulator crashed, hung or lost a process

The command line turns each of them into one line on stderr and exit code 2.
"""

from __future__ import annotations


class SpinspikeError(Exception):
    """Parent of every error raised on purpose."""


class BadInput(SpinspikeError, ValueError):
    """A value the caller gave is not allowed."""


class BadFile(BadInput):
    """A file is missing, corrupt or of another kind."""


class OutOfRange(BadInput):
    """A number does not fit the registers of the target."""


class MissingPart(SpinspikeError, ImportError):
    """An optional package is not installed."""


class SimulationFailed(SpinspikeError, RuntimeError):
    """A simulator crashed, hung or lost one of its processes."""
