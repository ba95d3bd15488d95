"""The page as one file: the program, built beforehand, and the data of a run inside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, Target, load_target, place
from spinspike.mapping.graph.graph import refuse_graded
from spinspike.one_line import OneLine
from spinspike.outputs import check_target, replacing
from spinspike.simulators import Simulator, wilson
from spinspike.simulators.registry import choose, require
from spinspike.simulators.validation.protocol import default_runs, trials

from .content import packed
from .scenes import Scene, played

TITLE, DATA = "{{title}}", "{{data}}"  # what the built page leaves open
USUAL_TITLE = "Runs, step by step"
DEFAULT_RUNS = ("learned", "free")


@dataclass(frozen=True, repr=False)
class Played(OneLine):
    """A page that plays runs; in a notebook it shows below its cell.

    Parameters
    ----------
    html : str
        The whole page.
    scenes : tuple of dict
        What each run came to.
    path : Path, optional
        Where it was written.
    """

    html: str
    scenes: tuple[dict[str, Any], ...]
    path: Path | None = None

    def summary(self) -> str:
        """Runs and size."""
        where = f", in {self.path}" if self.path else ""
        return f"a page of {len(self.scenes)} runs, {self.size / 1e6:.1f} MB{where}"

    @property
    def size(self) -> int:
        """Bytes of the page."""
        return len(self.html.encode())

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which reaches nothing of the notebook."""
        return (
            f'<iframe srcdoc="{escape(self.html)}" sandbox="allow-scripts" title="runs, played" '
            'style="width: 100%; height: 50rem; border: 0"></iframe>'
        )


def view(
    graph: SynapseGraph,
    path: Path | str | None = None,
    *,
    on: str | Simulator | Sequence[str | Simulator] = "emulator",
    beside: Mapping[str, SynapseGraph] | None = None,
    patterns: int = 100,
    runs: Sequence[str] | None = None,
    nulls: bool = True,
    hold: int | None = None,
    target: str | Target | None = None,
    title: str = "",
    seed: int = 0,
    force: bool = False,
) -> Played:
    """Run a graph and make a page that plays it, as ``spinspike view --interactive`` does.

    Parameters
    ----------
    graph : SynapseGraph
        With its fixed points, as `map_network` makes it.
    path : Path or str, optional
        Where to write the page, one HTML file that needs nothing else.
    on : str, Simulator, or several
        Simulators, by name ("emulator", "lava", "brian2", "nest") or as objects.
    beside : mapping of str to SynapseGraph, optional
        Other graphs of the same network, by a name for each: other bit widths, other encodings.
    patterns : int >= 1
        Fixed points of each run, at most.
    runs : sequence of str, optional
        Keys of `simulators.RUNS`; "learned" and "free" when not given, or "cued" for a memory.
    nulls : bool
        Also run the graph without couplings, with permuted ones, and from random states.
    hold : int >= 1, optional
        Steps, sweeps or ms after the release.
    target : str or Target, optional
        A chip, as of `check`: the page says on which of its cores each neuron lies.
    title : str
        What stands on top of the page.
    seed : int >= 0
        Of everything random.
    force : bool
        Replace a file that exists.

    Returns
    -------
    Played
        The page, which a notebook shows below its cell.

    Raises
    ------
    BadInput
        A name is unknown, that of a chip as well, the graph carries no fixed points or one beside it is of another network,
        or the file exists.
    MissingPart
        A simulator is not installed; the message says how it comes.

    Examples
    --------
    >>> from spinspike.mapping import map_network
    >>> from spinspike.studies import train
    >>> graph = map_network(train("digits", units=40, epochs=1))
    >>> page = view(graph, patterns=5, runs=["learned"], nulls=False)
    >>> [(s["run"], s["patterns"]) for s in page.scenes]
    [('learned', 5)]
    """
    path = None if path is None else Path(path)
    simulators = _simulators(on)
    first = f"{graph.encoding}, {graph.weight_bits} bits"
    graphs = {first: graph, **(beside or {})}
    usual = default_runs(graph)
    wanted = tuple(runs or ([r for r in DEFAULT_RUNS if r in usual] or usual))
    trials(wanted)  # refuses unknown runs
    _check_beside(graph, beside or {}, first)
    if path:
        check_target(path, force=force)
    chip = load_target(target) if isinstance(target, str) else target
    placed = {n: place(g, chip) for n, g in graphs.items()} if chip else {}
    scenes = list(
        played(
            list(graphs.values()), simulators, wanted,
            patterns=patterns, nulls=nulls, hold=hold, seed=seed,
        )
    )  # fmt: skip
    title = title or USUAL_TITLE
    data = packed(
        graphs, scenes, placed, title=title, chip=chip.title if chip else "", made_by=_maker()
    )
    made = Played(page(title, data), tuple(scene_summary(s, list(graphs)) for s in scenes), path)
    if path:
        with replacing(path, force=force) as new:
            new.write_text(made.html, encoding="utf-8")
    return made


def page(title: str, data: bytes) -> str:
    """The built page with a title and data in it.

    Parameters
    ----------
    title : str
        Any text; markup in it is shown, not obeyed.
    data : bytes
        As `content.packed` makes them.
    """
    built = files("spinspike.studies.interactive").joinpath("page.html").read_text("utf-8")
    head, rest = built.split(TITLE)
    program, foot = rest.split(DATA)
    return "".join([head, escape(title), program, base64.b64encode(data).decode(), foot])


def scene_summary(scene: Scene, names: Sequence[str]) -> dict[str, Any]:
    """What a run came to, in a line of a table."""
    o = scene.outcome
    return {
        "graph": names[scene.shown],
        "simulator": o.simulator,
        "regime": o.regime,
        "run": o.run,
        "null": o.null,
        "patterns": len(o.points),
        "held": int(np.count_nonzero(o.held)),
        "exact": wilson(o.exact)[0],
    }


def _simulators(on: str | Simulator | Sequence[str | Simulator]) -> list[Simulator]:
    asked = [on] if isinstance(on, str) or not isinstance(on, Sequence) else list(on)
    found: list[Simulator] = []
    for one in asked:
        if isinstance(one, str):
            backends = choose([one])
            require(backends)
            found += [backend.make() for backend in backends]
        else:
            found.append(one)
    return found


def _check_beside(graph: SynapseGraph, beside: Mapping[str, SynapseGraph], first: str) -> None:
    refuse_graded(graph)
    for name, other in beside.items():
        refuse_graded(other)
        if name == first:
            message = f"two graphs are called {name!r}; allowed: a name for each"
            raise BadInput(message)
        sizes = [(g.units, g.io.centre.size, g.classes) for g in (graph, other)]
        same = all(
            np.array_equal(points.distinct.states, other.fixed_points[run].distinct.states)
            for run, points in graph.fixed_points.items()
            if run in other.fixed_points
        )
        if sizes[0] != sizes[1] or set(graph.fixed_points) != set(other.fixed_points) or not same:
            message = (
                f"graph {name} is of another network: {other.summary()}; allowed beside it: graphs "
                f"with the states of {graph.summary()}"
            )
            raise BadInput(message)


def _maker() -> str:
    from importlib.metadata import version

    return f"spinspike {version('spinspike')}"
