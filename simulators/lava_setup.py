"""lava-nc, installed on a Python that it does not know.

The last release, 0.10.0, asks for Python 3.10, NumPy below 2 and networkx up to 2.8.7, so that no
resolver takes it on a newer Python. It runs there all the same (`lava.mends`): it is installed by
itself, past what it asks for, after the packages that it imports.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable

from spinspike.errors import MissingPart

RELEASE = "lava-nc==0.10.0"
IMPORTED = ("asteval", "networkx", "numpy", "scikit-learn", "scipy")  # what it imports
COMMAND = "spinspike setup lava"


def commands() -> list[list[str]]:
    """The two commands of pip, for the interpreter that runs this.

    Returns
    -------
    list of list of str
        Program and arguments, as `subprocess.run` takes them.

    Examples
    --------
    >>> [" ".join(command[3:]) for command in commands()]  # doctest: +NORMALIZE_WHITESPACE
    ['install asteval networkx numpy scikit-learn scipy',
     'install --no-deps --ignore-requires-python lava-nc==0.10.0']
    """
    pip = [sys.executable, "-m", "pip", "install"]
    return [[*pip, *IMPORTED], [*pip, "--no-deps", "--ignore-requires-python", RELEASE]]


def set_up_lava(say: Callable[[str], object] = print) -> None:
    """Install lava-nc into the environment that runs this; say each command before it runs.

    Parameters
    ----------
    say
        Called with every command, as one would type it.

    Raises
    ------
    MissingPart
        There is no pip, or it failed; what it wrote stands on stderr.
    """
    for command in commands():
        say(shlex.join(command))
        if subprocess.run(command, check=False).returncode:
            message = (
                f"Lava was not installed: {shlex.join(command)} failed, see above; without pip, "
                "install it first (python -m ensurepip, or uv pip install pip)"
            )
            raise MissingPart(message)
