"""Validation as the command does it: several simulators, their claims, and what may not be asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from spinspike.mapping import SynapseGraph
from spinspike.one_line import OneLine
from spinspike.simulators import (
    Answer,
    Bounds,
    Claim,
    NotAsked,
    Outcome,
    Simulator,
    answers,
    claims,
    not_asked,
    sentence,
    verdict,
)
from spinspike.simulators.base import Regime
from spinspike.simulators.registry import Backend, choose, require
from spinspike.simulators.validation.examples import Example
from spinspike.simulators.validation.protocol import (
    default_phases,
    default_runs,
    points_of,
    trials,
)
from spinspike.simulators.validation.tasks import Plan

from .campaign import Campaign, kept_in


@dataclass(frozen=True, repr=False)
class Validation(OneLine):
    """What the protocol showed on one or several simulators, and what that says of the graph."""

    outcomes: tuple[Outcome, ...]
    claims: tuple[Claim, ...]
    not_asked: tuple[NotAsked, ...] = ()
    examples: tuple[Example, ...] = ()  # a held and a lost pattern of continuous simulators

    @property
    def verdict(self) -> str:
        """One of "holds", "fails" and "undecided"."""
        return verdict(self.claims)

    @property
    def answers(self) -> list[Answer]:
        """Was a state lost, are the couplings needed, which state was reached."""
        return answers(self.outcomes, self.claims)

    def summary(self) -> str:
        """The verdict in a sentence."""
        return sentence(self.claims)


def validate(
    graph: SynapseGraph,
    on: str | Simulator | Sequence[str | Simulator] = "emulator",
    *,
    regimes: Sequence[Regime] = (),
    patterns: int = 100,
    hold: int | None = None,
    runs: Sequence[str] | None = None,
    nulls: bool = True,
    bounds: Bounds = Bounds(),  # noqa: B008  (frozen)
    seed: int = 0,
    jobs: int = 1,
    scheduler: str | None = None,
) -> Validation:
    """Check that learned fixed points stay without the label, as ``spinspike validate`` does.

    Parameters
    ----------
    graph : SynapseGraph
        With its fixed points, as `map_network` makes it.
    on : str, Simulator, or several
        Simulators, by name ("emulator", "lava", "brian2", "nest") or as objects.
    regimes : sequence of {"step", "asynchronous", "continuous"}
        Of the simulators that are named; each one's own when not given.
    patterns : int >= 1
        Fixed points of each run, at most.
    hold : int >= 1, optional
        Steps, sweeps or ms after the release.
    runs : sequence of str, optional
        Keys of `simulators.RUNS`; all when not given, or those that a memory without inputs can
        have.
    nulls : bool
        Also run the graph without couplings, with permuted ones, and from random states.
    bounds : Bounds
        What is asked for.
    seed : int >= 0
        Of everything random.
    jobs : int >= 1
        Processes that share the patterns.
    scheduler : str, optional
        Address of a Dask scheduler whose workers take them.

    Returns
    -------
    Validation

    Raises
    ------
    BadInput
        A name is unknown, or the graph carries no fixed points.
    MissingPart
        A simulator is not installed; the message says how it comes.
    SimulationFailed
        A simulator failed.

    Examples
    --------
    >>> from spinspike.studies import train
    >>> from spinspike.mapping import map_network
    >>> graph = map_network(train("digits", units=40, epochs=1))
    >>> validate(graph, patterns=40, runs=["learned"], nulls=False).verdict
    'holds'
    """
    plans = planned(
        graph, on, regimes=regimes, patterns=patterns, hold=hold, runs=runs, nulls=nulls, seed=seed
    )
    with kept_in(None, resume=False) as folder:
        return validated(plans, bounds, Campaign(folder, "", jobs, scheduler))


def planned(
    graph: SynapseGraph,
    on: str | Simulator | Sequence[str | Simulator],
    *,
    regimes: Sequence[Regime] = (),
    patterns: int = 100,
    hold: int | None = None,
    runs: Sequence[str] | None = None,
    nulls: bool = True,
    seed: int = 0,
) -> list[Plan]:
    """What `validate` is to run on each simulator, all of it found possible.

    Raises
    ------
    BadInput, MissingPart
        As of `validate`.
    """
    asked = [on] if isinstance(on, str) or not isinstance(on, Sequence) else list(on)
    named = [one for one in asked if isinstance(one, str)]
    backends = choose(named, regimes) if named else []
    require(backends)
    made = [(backend, backend.make()) for backend in backends]
    made += [(_backend_of(one), one) for one in asked if not isinstance(one, str)]
    wanted = tuple(trials(runs or default_runs(graph), nulls=nulls))
    plans = [
        Plan(
            graph, backend, simulator, wanted, patterns,
            default_phases(graph, backend.regime, hold=hold), seed,
        )
        for backend, simulator in made
    ]  # fmt: skip
    for plan in plans:
        for trial in wanted:
            plan.blocks(trial)  # refuses what no run can start from
    return plans


def validated(plans: Sequence[Plan], bounds: Bounds, campaign: Campaign) -> Validation:
    """Carry plans out, after saying which claims their patterns cannot decide."""
    unasked = [n for plan in plans for n in too_few(plan, bounds)]
    outcomes, examples = campaign.run(plans)
    return Validation(
        tuple(outcomes), tuple(claims(outcomes, bounds)), tuple(unasked), tuple(examples)
    )


def too_few(plan: Plan, bounds: Bounds) -> list[NotAsked]:
    """Say before anything runs which claims so few patterns cannot decide, and how many could."""
    runs = dict.fromkeys(trial.run for trial in plan.trials)
    points = {run: points_of(plan.graph, run, slice(plan.patterns)) for run in runs}
    found = not_asked(plan.backend.label, plan.backend.regime, points, bounds)
    for n in found:
        sys.stderr.write(
            f"{n.simulator}: {n.patterns} patterns cannot decide {n.statement!r}; {n.needed} can\n"
        )
    return found


def _backend_of(simulator: Simulator) -> Backend:
    kind = type(simulator)
    return Backend(simulator.name, simulator.regime, kind.__module__, kind.__qualname__)
