"""What is said where Numba is missing: what takes so much longer does so with a word of warning.

It goes to the logger of this module, which Python prints on stderr unless it is told otherwise. A
warning of Python would end programs that take warnings for errors.
"""

from __future__ import annotations

import logging
import multiprocessing
from functools import cache
from importlib.util import find_spec

LOGGER = logging.getLogger(__name__)
INSTALL = "pip install 'spinspike[fast]'"


def compiles(cost: str) -> bool:
    """Whether Numba is there; if not, say what that costs.

    Parameters
    ----------
    cost : str
        What NumPy does in its place, and how well.
    """
    if find_spec("numba"):
        return True
    if multiprocessing.parent_process() is None:  # the workers of a process need not repeat it
        _say(cost)
    return False


@cache
def _say(cost: str) -> None:
    LOGGER.warning("numba is not installed, so %s; to have it: %s", cost, INSTALL)
