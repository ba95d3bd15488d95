"""Objects that hold arrays and still print as one line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape


class OneLine(ABC):
    """Prints what an object is and how large, where a dataclass would print its arrays.

    A subclass is a dataclass with ``repr=False`` and gives a `summary`.

    Examples
    --------
    >>> class Box(OneLine):
    ...     def summary(self) -> str:
    ...         return "3 x 4"
    >>> Box()
    <Box: 3 x 4>
    """

    @abstractmethod
    def summary(self) -> str:
        """What the object is, in a few words and without a line break."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary()}>"

    def _repr_html_(self) -> str:
        """The same where a notebook shows it."""
        return f"<b>{type(self).__name__}</b> {escape(self.summary())}"
