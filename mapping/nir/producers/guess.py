"""Which tool wrote a NIR file, and with which time step: no file says so, but its numbers do.

Each tool works out r, or the time constants, by an equation of its own, and two have names of their
own for nodes. A file is taken for the first tool's of which all its neurons satisfy the equation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import lambertw

from spinspike.mapping.nir.graph import NEURONS, NirGraph, Node

SNNTORCH_DT = 1e-4  # which snnTorch has for every network
NORSE_DT = 1e-6  # its step of 1 ms, and the factor of 1 ms that its export has beside
CLOSE = 1e-4  # relative: files hold single precision
MEMBRANE = ("LI", "LIF", "CubaLI", "CubaLIF")
SPYX_NAME = re.compile(r"layer_\d+($|[._])")
ROCKPOOL_NAME = re.compile(r"(^|_)(LinearTorch|LIFTorch|LIFNeuronTorch|ExpSynTorch)$")


def guess(graph: NirGraph) -> str:
    """The tool that wrote a graph; "" if nothing tells.

    Parameters
    ----------
    graph : NirGraph
        As its file has it.
    """
    if not graph.named(*NEURONS) or graph.metadata.get("kind"):
        return ""  # ours say what they are
    return next((name for name, says in SIGNS.items() if says(graph)), "")


def guessed_step(graph: NirGraph, producer: str) -> float | None:
    """The time step that a tool meant, in the unit of the file; none if nothing tells.

    Parameters
    ----------
    graph : NirGraph
        As its file has it.
    producer : str
        The tool that wrote it.
    """
    if producer in ALWAYS:
        return ALWAYS[producer]
    steps = {"rockpool": rockpool_steps, "spyx": spyx_steps}.get(producer)
    values = _finite(steps(node) for node in _leaky(graph)) if steps else np.zeros(0)
    if values.size:
        return _one(values)
    return 1.0 if producer == "spyx" else None  # its IF has none, and its default is 1


ALWAYS: Mapping[str, float] = {"snntorch": SNNTORCH_DT, "norse": NORSE_DT, "sinabs": 1.0}


def rockpool_steps(node: Node) -> NDArray[np.float64]:
    """Steps of Rockpool, which writes r = tau exp(-dt / tau) / dt.

    Parameters
    ----------
    node : Node
        One that leaks.
    """
    tau, r = _tau(node), _part(node, "r")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.ravel(tau * np.real(lambertw(1 / r)))


def spyx_steps(node: Node) -> NDArray[np.float64]:
    """Steps of Spyx, which writes tau = dt / (1 - beta), and r = beta; an LI has r = 1.

    Parameters
    ----------
    node : Node
        One that leaks.
    """
    with np.errstate(invalid="ignore"):
        return np.zeros(0) if node.kind == "LI" else np.ravel(_tau(node) * (1 - _part(node, "r")))


def _is_snntorch(graph: NirGraph) -> bool:
    return _all(
        graph,
        lambda node: bool(
            np.allclose(_part(node, "r"), _tau(node) / SNNTORCH_DT, rtol=CLOSE)
            and (
                node.kind != "CubaLIF"
                or np.allclose(
                    _part(node, "w_in"), _part(node, "tau_syn") / SNNTORCH_DT, rtol=CLOSE
                )
            )
        ),
    )


def _is_norse(graph: NirGraph) -> bool:
    """Its own unit: 1 ms times the time constant in seconds."""
    return _all(
        graph, lambda node: bool((_part(node, "r") == 1).all() and (_tau(node) < 1e-3).all())
    )


def _is_sinabs(graph: NirGraph) -> bool:
    """Time constants in steps."""
    return _all(graph, lambda node: bool((_part(node, "r") == 1).all() and (_tau(node) >= 1).all()))


def _is_rockpool(graph: NirGraph) -> bool:
    named = any(ROCKPOOL_NAME.search(name) for name in graph.nodes)
    values = _finite(rockpool_steps(node) for node in _leaky(graph))
    return named and _one(values) is not None


def _is_spyx(graph: NirGraph) -> bool:
    inner = [name for name, node in graph.nodes.items() if node.kind not in ("Input", "Output")]
    values = _finite(spyx_steps(node) for node in _leaky(graph))
    return all(SPYX_NAME.match(name) for name in inner) and (
        not values.size or _one(values) is not None
    )


SIGNS: Mapping[str, Callable[[NirGraph], bool]] = {  # those with names first
    "rockpool": _is_rockpool,
    "spyx": _is_spyx,
    "snntorch": _is_snntorch,
    "norse": _is_norse,
    "sinabs": _is_sinabs,
}


def _leaky(graph: NirGraph) -> Iterator[Node]:
    for name in graph.named(*MEMBRANE):
        yield graph.nodes[name]


def _all(graph: NirGraph, says: Callable[[Node], bool]) -> bool:
    return bool(graph.named(*MEMBRANE)) and all(says(node) for node in _leaky(graph))


def _tau(node: Node) -> NDArray[np.float64]:
    return _part(node, "tau_mem" if "tau_mem" in node.parameters else "tau")


def _part(node: Node, part: str) -> NDArray[np.float64]:
    return np.asarray(node.parameters[part], dtype=np.float64)


def _finite(values: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Of neurons that leak at all: those that do not have an infinite time constant."""
    found = np.concatenate([np.zeros(0), *values])
    return found[np.isfinite(found)]


def _one(values: NDArray[np.float64]) -> float | None:
    """The number that all are, up to single precision."""
    middle = float(np.median(values)) if values.size else np.nan
    if not (np.isfinite(middle) and middle > 0):
        return None
    return float(f"{middle:.6g}") if np.allclose(values, middle, rtol=1e-3) else None
