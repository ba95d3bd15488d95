"""What the tools that write and read NIR mean by it, tool by tool.

`reading` takes a file as the tool that wrote it means it, `guess` says which one that may be.
"""

from .guess import guess
from .reading import PRODUCERS, Choices, read_as

__all__ = ["PRODUCERS", "Choices", "guess", "read_as"]
