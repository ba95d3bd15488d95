"""Stress as a campaign: one task for each kind, level and draw, and the curves they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.campaign import Task
from spinspike.errors import BadInput
from spinspike.mapping.certificates.robustness import robustness
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators.base import Phases, Simulator, needs_own_process
from spinspike.simulators.validation.memory import watched

from .curve import StressCurve, curve
from .experiment import SPIKES_PER_BATCH, Kind, work
from .kinds import check_kind, check_levels, highest_level

Arrays = Mapping[str, NDArray[Any]]
CERTIFICATES = "certificates"
FEW = 16  # patterns timed for an estimate
COPIES = 4  # of all spikes in memory at a time
# by kind of stress: a bound of `mapping.robustness`, and how a figure calls it
MARKS = {
    "mismatch": (("noise", "any error harmless"), ("gaussian", "1 % risk")),
    "lost-synapses": (("lost", "any loss harmless"),),
    "flips": (("radius", "any flips corrected"),),
}


@dataclass(frozen=True)
class StressPlan:
    """What is to be tried on which fixed points."""

    graph: SynapseGraph
    simulator: Simulator
    phases: Phases  # phases of the learned run
    kinds: tuple[str, ...]
    levels: tuple[float, ...] = ()  # of all kinds; none: each kind's own
    patterns: int = 100  # at most; one that is there twice counts once
    draws: int = 5
    states: str = "learned"  # fixed points that are to be held; learned runs have learned ones
    seed: int = 0

    def points(self, kind: Kind) -> FixedPoints:
        """Fixed points that a kind of stress is tried on.

        Raises
        ------
        BadInput
            The graph carries none, or its neurons are graded.
        """
        refuse_graded(self.graph)
        run = "learned" if kind.run == "learned" else self.states
        found = self.graph.fixed_points.get(run)
        if found is None or not len(found):
            message = f"the graph carries no {run} fixed points; train and map it with them"
            raise BadInput(message)
        return found.distinct.select(slice(self.patterns))

    def levels_of(self, kind: Kind) -> tuple[float, ...]:
        """Levels of a kind; its own are those that the network is large enough for."""
        highest = highest_level(kind, self.graph.units)
        return self.levels or tuple(x for x in kind.levels_in(self.phases) if x <= highest)

    def draws_of(self, kind: Kind) -> int:
        """Draws of a kind; one where nothing is left to chance."""
        chance = kind.random or self.simulator.regime != "step"
        return self.draws if chance else 1

    def checked(self) -> list[Kind]:
        """The kinds, once nothing about them is wrong.

        Raises
        ------
        BadInput
            A kind, a level or a number is not allowed, or fixed points are missing.
        """
        for name in ("patterns", "draws"):
            if getattr(self, name) < 1:
                message = f"{name} is {getattr(self, name)}; allowed: 1 or more"
                raise BadInput(message)
        found = [check_kind(name, self.simulator) for name in dict.fromkeys(self.kinds)]
        for kind in found:
            if kind.run == "learned" and not self.graph.classes:
                message = f"stress {kind.name} needs labels to clamp with, and the graph has none"
                raise BadInput(message)
            check_levels(kind, self.levels_of(kind), self.graph.units)
            self.points(kind)
        return found


def tasks(plan: StressPlan) -> list[Task]:
    """All runs of a plan, and the certificates of its fixed points where a figure marks them."""
    kinds, own = plan.checked(), needs_own_process(plan.simulator)
    points = {kind.run: plan.points(kind) for kind in kinds}  # one object for each: sent once
    found = [
        Task(_key(kind, level, draw), work, (plan.graph, points[kind.run], plan.simulator,
             plan.phases, kind, level, (plan.seed, draw)), own)
        for kind in kinds
        for level in plan.levels_of(kind)
        for draw in range(plan.draws_of(kind))
    ]  # fmt: skip
    if any(kind.name in MARKS for kind in kinds):
        found.append(Task(CERTIFICATES, certificates, (plan.graph, points["cued"])))
    return found


def curves(plan: StressPlan, results: Mapping[str, Arrays]) -> list[StressCurve]:
    """One curve for each kind."""
    return [
        curve(
            kind,
            plan.levels_of(kind),
            results_of(plan, kind, results),
            simulator=plan.simulator.name,
            regime=plan.simulator.regime,
            marks=_marks(kind, results.get(CERTIFICATES)),
        )
        for kind in plan.checked()
    ]


def results_of(plan: StressPlan, kind: Kind, results: Mapping[str, Arrays]) -> list[list[Arrays]]:
    """Results of a kind by level and draw."""
    draws = range(plan.draws_of(kind))
    return [[results[_key(kind, x, d)] for d in draws] for x in plan.levels_of(kind)]


def certificates(graph: SynapseGraph, points: FixedPoints) -> dict[str, NDArray[Any]]:
    """The bounds that figures mark, each (P,); synapses that may be lost as a fraction of all."""
    found = robustness(graph, points)
    return {
        "noise": found.noise,
        "gaussian": found.gaussian,
        "lost": found.lost / max(1, graph.synapses),
        "radius": found.radius,
    }


def seconds_and_bytes(plan: StressPlan, missing: Sequence[Task]) -> tuple[float, int]:
    """What the given tasks of a plan will take in one process, by a few patterns of each kind.

    A task of P patterns takes a + b P seconds; its memory is mostly the spikes that it records.
    """
    total, keys = 0.0, {task.key for task in missing}
    growth = 0  # from the spikes of a few patterns to those of all
    with watched() as peak:
        for kind in plan.checked():
            runs = [
                (level, draw)
                for level in plan.levels_of(kind)
                for draw in range(plan.draws_of(kind))
                if _key(kind, level, draw) in keys
            ]
            if runs:
                points, level = plan.points(kind), runs[len(runs) // 2][0]
                few = min(FEW, len(points))
                if not total:
                    _seconds(plan, kind, points, level, 1)  # what is loaded once is no part of it
                one, several = (_seconds(plan, kind, points, level, size) for size in (1, few))
                each = max(0.0, several - one) / max(1, few - 1)
                total += len(runs) * (one + (len(points) - 1) * each)
                spikes = plan.phases.total * plan.graph.neurons * (len(points) - few)
                growth = max(growth, COPIES * min(spikes, SPIKES_PER_BATCH))
    return total, peak[0] + growth


def _seconds(
    plan: StressPlan, kind: Kind, points: FixedPoints, level: float, patterns: int
) -> float:
    started, few = perf_counter(), points.select(slice(patterns))
    work(plan.graph, few, plan.simulator, plan.phases, kind, level, (plan.seed, 0))
    return perf_counter() - started


def _marks(kind: Kind, found: Arrays | None) -> dict[str, float]:
    """Medians over the fixed points of what each withstands for certain."""
    bounds = MARKS.get(kind.name, ()) if found else ()
    return {label: float(np.median(found[name])) for name, label in bounds if found is not None}


def _key(kind: Kind, level: float, draw: int) -> str:
    return f"{kind.name}-level_{float(level)!r}-draw_{draw}"
