"""A call in a process of its own, for what can be had once in a process or by its first thread alone.

Brian2 sets a signal handler when it is imported, which Python allows the first thread only; NEST has
one kernel a process. The threads of Dask's workers are neither first nor alone.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from .errors import SimulationFailed


def in_own_process(work: Callable[..., Any], *arguments: Any) -> Mapping[str, NDArray[Any]]:
    """Call a function in the first thread of a new process; it ends with the one that asked.

    Parameters
    ----------
    work : function
        Of a module.
    *arguments
        What pickle takes.

    Returns
    -------
    mapping
        What the function returned.

    Raises
    ------
    SimulationFailed
        The process died; or whatever the function raised.
    """
    command = [sys.executable, "-c", f"import sys; sys.path = {sys.path!r}\n{START}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(pickle.dumps((work, arguments)))
            child.stdin.flush()
            found = child.stdout.read()
            code = child.wait()
        except BrokenPipeError:
            found, code = b"", child.wait()
        except BaseException:
            child.kill()
            raise
    if code or not found:
        message = f"its process died ({code}), of too little memory perhaps"
        raise SimulationFailed(message)
    value, error = pickle.loads(found)
    if error is not None:
        raise error
    returned: Mapping[str, NDArray[Any]] = value
    return returned


START = f"from {__name__} import serve; serve()"


def serve() -> None:
    """Do what standard input asks for and answer on standard output, which is ours alone."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what simulators print must not meet the answer
    work, arguments = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        found = pickle.dumps((dict(work(*arguments)), None))
    except Exception as error:  # noqa: BLE001  the one that asked raises it again
        found = _pickled(error)
    answer.write(found)
    answer.close()
    sys.stdout.flush()
    os._exit(0)  # what a simulator does when it is taken down is not awaited


def _pickled(error: Exception) -> bytes:
    """An error as it is, or its words where it cannot be pickled."""
    try:
        found = pickle.dumps((None, error))
        pickle.loads(found)
    except Exception:  # noqa: BLE001  whatever its own methods raise
        return pickle.dumps((None, SimulationFailed(f"{type(error).__name__}: {error}")))
    return found


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # ends when the other side is closed, or dead
    os._exit(1)
