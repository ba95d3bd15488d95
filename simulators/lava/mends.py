"""What lava-nc 0.10.0, the last Lava, needs on Python 3.11 and newer; importing this is enough.

Lava asks for Python 3.10 and NumPy below 2. On newer ones three of its modules are mended while
they are imported, by a finder that knows these three names and looks at no other. Nothing of Lava
is copied, or changed on disk; on Python 3.10 this file does nothing.

It needs the standard library alone: exported networks carry a copy of it.
"""

import dataclasses
import functools
import importlib.abc
import importlib.machinery
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def hashable_defaults(module: ModuleType) -> Iterator[None]:
    """Python 3.11 and newer take a default of a dataclass's field only if it has a hash.

    Five encoders of Lava's are such defaults, and have none since they compare by value. They get
    one until their module is there, and are then as Python made them.
    """
    made: list[Any] = []
    original: Any = dataclasses.dataclass

    def hashable(cls: Any = None, **options: Any) -> Any:
        found = original(cls, **options)
        if cls is not None and found.__hash__ is None:
            found.__hash__ = object.__hash__
            made.append(found)
        return found

    vars(dataclasses)["dataclass"] = hashable
    try:
        yield
    finally:
        vars(dataclasses)["dataclass"] = original
        for cls in made:
            cls.__hash__ = None
        vars(module)["dataclass"] = original


@contextmanager
def positional_shape(module: ModuleType) -> Iterator[None]:
    """NumPy 2.5 took away ``reshape(newshape=…)``, deprecated since 2.1; Lava's ports use it."""
    yield
    port: Any = vars(module)["ReshapePort"]
    port.get_transform_func_fwd = lambda self: functools.partial(_reshaped, shape=self.shape)
    port.get_transform_func_bwd = lambda self: functools.partial(_reshaped, shape=self.old_shape)


def _reshaped(data: Any, shape: tuple[int, ...]) -> Any:
    return data.reshape(shape)


@contextmanager
def start_method_unset(module: ModuleType) -> Iterator[None]:
    """Lava sets "fork" as the way processes start, and fails where one was set or used before.

    Since Python 3.14 "forkserver" is what a program gets that sets none.
    """
    multiprocessing.set_start_method(None, force=True)
    yield


MENDS = {
    "lava.magma.compiler.var_model": hashable_defaults,
    "lava.magma.core.process.ports.ports": positional_shape,
    "lava.magma.runtime.message_infrastructure.multiprocessing": start_method_unset,
}


class LavaMends(importlib.abc.MetaPathFinder):
    """Finds the modules of `MENDS` where Python would, and mends them while they are executed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own spec, whose loader mends; None for all other names."""
        if fullname not in MENDS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        loader: Any = spec and spec.loader
        if loader is not None:
            loader.exec_module = functools.partial(_execute, loader.exec_module, MENDS[fullname])
        return spec


def _execute(execute: Any, mend: Any, module: ModuleType) -> None:
    within: AbstractContextManager[None] = mend(module)
    with within:
        execute(module)


# an exported folder's copy may meet the installed one: the first is enough
if sys.version_info >= (3, 11) and "LavaMends" not in {type(f).__name__ for f in sys.meta_path}:
    sys.meta_path.insert(0, LavaMends())
