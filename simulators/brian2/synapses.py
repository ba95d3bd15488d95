"""What both Brian2 simulators are made of: synapses of many patterns side by side, and the package.

B patterns run as B disjoint copies of the graph in one network: neuron k of pattern b is number
b N + k.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Literal

import numpy as np

from spinspike.arrays import BoolArray
from spinspike.errors import BadInput, MissingPart
from spinspike.mapping.graph.graph import FloatArray, IntArray, Role, SynapseGraph

Target = Literal["numpy", "cython", "cpp_standalone"]
TARGETS: tuple[Target, ...] = ("numpy", "cython", "cpp_standalone")


@dataclass(frozen=True)
class Synapses:
    """Synapses of one copy of a graph, as a list."""

    source: IntArray  # (S,)
    target: IntArray  # (S,)
    weight: FloatArray  # (S,) signed
    delay: FloatArray  # (S,) steps beyond the first, or ms

    def divided(self, by: FloatArray | float) -> Synapses:
        """The same with each weight divided by a factor of its own, or by one for all."""
        return replace(self, weight=self.weight / by)

    def select(self, kept: BoolArray) -> Synapses:
        """Some of the synapses."""
        return Synapses(**{name: array[kept] for name, array in vars(self).items()})


def joined(*parts: Synapses) -> Synapses:
    """All synapses of several lists."""
    names = ("source", "target", "weight", "delay")
    return Synapses(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def synapses_of(
    graph: SynapseGraph,
    roles: tuple[Role, ...],
    sources: dict[str, int],
    targets: dict[str, int],
) -> Synapses:
    """Synapses of some roles, weights in integer units and delays in steps.

    Parameters
    ----------
    sources, targets : dict
        Populations that count, with the number of the first neuron of each.
    """
    nothing = np.zeros(0, dtype=np.int64)
    parts = [Synapses(nothing, nothing, np.zeros(0), np.zeros(0))]
    for p in graph.projections:
        if p.role in roles and p.source in sources and p.target in targets:
            row = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
            weight = p.sign * 2.0**p.exponent * p.mantissa.astype(np.float64)
            late = np.full(weight.size, float(p.delay))
            parts.append(
                Synapses(
                    np.int64(sources[p.source]) + p.indices, row + targets[p.target], weight, late
                )
            )
    return joined(*parts)


def starts(graph: SynapseGraph) -> dict[str, int]:
    """The first neuron of each threshold population among the N."""
    return {name: columns.start for name, columns in graph.slices().items()}


def connect(
    brian2: ModuleType,
    source: Any,
    target: Any,
    synapses: Synapses,
    *,
    copies: int,
    delay: FloatArray,
    dt: float,
    on_pre: str,
    model: str = "w : 1",
    **options: Any,
) -> list[Any]:
    """The same synapses in every copy; none at all if there are none.

    Parameters
    ----------
    delay : (S,), ms
        One queue serves them all where they are the same, which is faster.
    dt : float, ms
    on_pre : str
        What a spike does when it arrives.
    """
    if not synapses.weight.size:
        return []
    same = bool((delay == delay[0]).all())
    made = brian2.Synapses(
        source,
        target,
        model,
        on_pre=on_pre,
        delay=delay[0] * brian2.ms if same else None,
        dt=dt * brian2.ms,
        **{"namespace": {}, **options},
    )
    copy = np.arange(copies)[:, None]
    made.connect(
        i=(synapses.source + len(source) // copies * copy).ravel(),
        j=(synapses.target + len(target) // copies * copy).ravel(),
    )
    made.w = np.tile(synapses.weight, copies)
    if not same:
        made.delay = np.tile(delay, copies) * brian2.ms
    return [made]


def chunk(graph: SynapseGraph, patterns: int, synapses_at_once: int) -> int:
    """How many patterns run side by side."""
    return min(patterns, max(1, synapses_at_once // max(1, graph.synapses)))


def imported(target: Target, allowed: Sequence[Target] = TARGETS) -> ModuleType:
    """Import Brian2, which takes a second, only when it is needed.

    Raises
    ------
    BadInput
        There is no such target.
    MissingPart
        Brian2, or the compiler that a target needs, is not installed.
    """
    if target not in allowed:
        message = f"Brian2 target is {target!r}; allowed: {', '.join(allowed)}"
        raise BadInput(message)
    compilers = [os.environ.get("CXX", "c++"), "g++", "clang++"]
    if target != "numpy" and not any(map(shutil.which, compilers)):
        message = f"Brian2 target {target} needs a C++ compiler (g++ or clang++): install one"
        message += ", or take target numpy"
        raise MissingPart(message)
    try:
        import brian2
    except ImportError as error:
        message = "simulator brian2 is not installed: pip install 'spinspike[brian2]'"
        raise MissingPart(message) from error
    module: ModuleType = brian2
    return module


@contextmanager
def contained(brian2: ModuleType, seed: int, target: Target) -> Iterator[str]:
    """Seed Brian2 and choose its code; put all global settings back afterwards.

    Yields the folder of a stand-alone program, which is removed in the end, or "".
    """
    # Brian2's NumPy code draws from NumPy's global generator, so the legacy calls are due here
    before, state = brian2.prefs.codegen.target, np.random.get_state()  # noqa: NPY002
    alone, standalone = target == "cpp_standalone", brian2.prefs.devices.cpp_standalone
    at_once = standalone.extra_make_args_unix
    try:
        with TemporaryDirectory(prefix="spinspike-brian2-") if alone else nullcontext("") as folder:
            if alone:
                brian2.set_device("cpp_standalone", directory=folder, build_on_run=False)
                standalone.extra_make_args_unix = [f"-j{os.cpu_count() or 1}"]  # not all at once
            else:
                brian2.prefs.codegen.target = target
            brian2.seed(seed)
            yield folder
    finally:
        if alone:
            brian2.device.reinit()
            brian2.device.activate()
            brian2.set_device("runtime")
        brian2.prefs.codegen.target, standalone.extra_make_args_unix = before, at_once
        np.random.set_state(state)  # noqa: NPY002


def advance(network: Any, duration: Any, *, checked: bool = True) -> None:
    """Run on; Brian2 swallows an interrupt and merely stops early, which must not pass unseen.

    A stand-alone program has no time yet to check.
    """
    start = network.t if checked else None
    network.run(duration, namespace={})
    if checked and network.t - start < 0.999 * duration:
        message = f"interrupted after {network.t - start} of {duration}"
        raise KeyboardInterrupt(message)
