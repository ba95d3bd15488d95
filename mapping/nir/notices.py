"""What of a NIR graph is read in one of several ways, or grows: said before and with each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from spinspike.errors import BadInput

from .convolution import matrix
from .graph import CONVOLUTIONS, POOLS, TIMES, NirGraph, Node, in_wide_cycles
from .shapes import batched, received, shapes
from .time import FAR, check_step

PER_STEP = "r for each input"
UNIT = ("dt", "step")


def notices(graph: NirGraph, *, dt: float) -> list[str]:
    """What whoever runs or converts a graph should know; the graph has no obstacles.

    Parameters
    ----------
    graph : NirGraph
        As it is run.
    dt : float
        Time step, in the unit of the time constants.
    """
    return [
        *graph.read_as,
        *(f"input {name}: its leading axis of 1 is taken for a batch" for name in batched(graph)),
        *_growth(graph),
        *_cycles(graph),
        *_integrators(graph, dt),
        *_far(graph, dt),
    ]


def silence(spikes: Mapping[str, int], graph: NirGraph, *, dt: float) -> list[str]:
    """That a run without any spike says nothing, and what may be the reason.

    Parameters
    ----------
    spikes : mapping
        Spikes of each node that can spike.
    graph, dt
        What was run.
    """
    if not spikes or any(spikes.values()):
        return []
    far = list(_far(graph, dt))
    why = far[0] if far else "are the inputs strong enough, in the unit of the thresholds?"
    return [f"no spikes at all: {why}"]


def per_input(graph: NirGraph, *, dt: float) -> NirGraph:
    """The graph whose I and IF nodes add r for each input, however long a step is.

    Their equation, v' = r x, adds dt r x; that is what other importers of NIR leave out.

    Parameters
    ----------
    graph : NirGraph
        Any.
    dt : float
        The step with which it is run.
    """
    nodes = {
        name: _scaled(node, dt) if node.kind in ("I", "IF") else node
        for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes, metadata={**graph.metadata, PER_STEP: 1})


def _scaled(node: Node, dt: float) -> Node:
    r = np.asarray(node.parameters["r"], dtype=np.float64) / dt
    return replace(node, parameters={**node.parameters, "r": r})


def _growth(graph: NirGraph) -> Iterator[str]:
    """Convolutions and pools have few weights; multiplied out they have one for each pair."""
    sent = shapes(graph)
    for name in graph.named(*CONVOLUTIONS, *POOLS):
        node = graph.nodes[name]
        made = matrix(name, node, received(graph, name, sent)).nnz
        own = node.parameters["weight"].size if "weight" in node.parameters else 0
        yield f"node {name}, a {node.kind} of {own:,} weights, becomes {made:,} synapses"


def _cycles(graph: NirGraph) -> Iterator[str]:
    names = in_wide_cycles(graph)
    if names and graph.late == "all":
        yield (
            f"neurons {', '.join(names)} lie in cycles of several populations: what they send there "
            "arrives a step later; with --late closing only what closes the cycle does, as in "
            "nirtorch, snnTorch and Norse"
        )
    elif names:
        yield (
            f"neurons {', '.join(names)} lie in cycles of several populations: what closes the "
            "cycle arrives a step later; with --late all everything in it does"
        )


def _integrators(graph: NirGraph, dt: float) -> Iterator[str]:
    names = graph.named("I", "IF")
    if not names or dt == 1:
        return
    if PER_STEP in graph.metadata:
        yield f"nodes {', '.join(names)} add r for each input, whatever dt is"
    else:
        yield (
            f"nodes {', '.join(names)} add dt r for each input, as NIR's equation has it; other "
            "importers add r: --integrate step"
        )


def _far(graph: NirGraph, dt: float) -> Iterator[str]:
    for name, node in graph.nodes.items():
        for part in TIMES:
            if part in node.parameters and (longest := node.parameters[part].max()) / dt > FAR:
                yield f"node {name} has a {part} of {longest / dt:,.0f} steps; is --dt {dt:g} right?"


def with_choices(graph: NirGraph, *, dt: float, integrate: str, late: str) -> NirGraph:
    """The graph as it is to be read.

    Parameters
    ----------
    graph : NirGraph
        As its file has it.
    dt : float
        Time step.
    integrate : str
        What I and IF nodes add for an input of 1: "dt", dt r; "step", r.
    late : str
        Which edges of a cycle take a step: "all" or "closing" (`spinspike.mapping.nir.graph.loops`).

    Raises
    ------
    BadInput
        A choice is none of these, or dt is no step.
    """
    check_step(dt)
    if integrate not in UNIT:
        message = f"--integrate is {integrate!r}; allowed: {', '.join(UNIT)}"
        raise BadInput(message)
    if late not in ("all", "closing"):
        message = f"--late is {late!r}; allowed: all, closing"
        raise BadInput(message)
    chosen = replace(graph, late="closing" if late == "closing" else "all")
    return per_input(chosen, dt=dt) if integrate == "step" else chosen
