"""The kinds of stress: what each does to an experiment, and what certificates say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spinspike.arrays import BoolArray, FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import BIAS_LIMIT
from spinspike.mapping.graph.delays import LONGEST_DELAY, with_delays
from spinspike.simulators.base import Recording, Simulator
from spinspike.simulators.stimulus import encode_stimulus

from .bounds import corrects_flips, settled, survives_damage, withstands_noise
from .damage import disconnected, mismatched, weak_signal, without_synapses
from .experiment import Experiment, Kind, Rng


def _spike_loss(e: Experiment, x: float, rng: Rng) -> Experiment:
    backend: Any = e.simulator
    return replace(e, simulator=replace(backend, spike_loss=x))


def _noise(e: Experiment, x: float, rng: Rng) -> Experiment:
    backend: Any = e.simulator
    return replace(e, simulator=replace(backend, noise=x))


def _mismatch(e: Experiment, x: float, rng: Rng) -> Experiment:
    return replace(e, graph=mismatched(e.graph, x, rng))


def _lost_synapses(e: Experiment, x: float, rng: Rng) -> Experiment:
    return replace(e, graph=without_synapses(e.graph, x, rng))


def _dead_neurons(e: Experiment, x: float, rng: Rng) -> Experiment:
    """A dead neuron hears and says nothing, and its bias keeps it silent."""
    dead = np.zeros(e.graph.neurons, dtype=np.bool_)
    dead[rng.permutation(dead.size)[: round(x * dead.size)]] = True
    silent = {
        name: np.where(dead, -BIAS_LIMIT, getattr(e.stimulus, name))
        for name in ("bias", "first_bias")
    }
    given = replace(e.stimulus, **silent)
    return replace(e, graph=disconnected(e.graph, dead), stimulus=given, dead=dead)


def _delay_jitter(e: Experiment, x: float, rng: Rng) -> Experiment:
    """Both phases last longer by the longest delay, so that what is late arrives in them."""
    late, longest = with_delays(e.graph, int(x), rng), int(x)
    p = e.phases
    phases = replace(p, clamped=p.clamped + longest, free=p.free + longest)
    return replace(e, graph=late, phases=phases)


def _initial_flips(e: Experiment, x: float, rng: Rng) -> Experiment:
    shape = e.points.states.shape
    order = rng.permuted(np.tile(np.arange(shape[1]), (shape[0], 1)), axis=1)
    flips = order < int(x)
    cue = np.where(flips, -e.points.states, e.points.states)
    return replace(e, stimulus=encode_stimulus(e.graph, e.points.inputs, cue=cue), flips=flips)


def _wrong_class(e: Experiment, x: float, rng: Rng) -> Experiment:
    labels = e.points.labels
    wrong = (labels + rng.integers(1, e.graph.classes, labels.size)) % e.graph.classes
    given = encode_stimulus(e.graph, e.points.inputs, labels=wrong)
    return replace(e, stimulus=given, phases=replace(e.phases, clamped=int(x)))


def _weak_signal(e: Experiment, x: float, rng: Rng) -> Experiment:
    return replace(e, graph=weak_signal(e.graph, x))


def _cut_signal(e: Experiment, x: float, rng: Rng) -> Experiment:
    return replace(e, phases=replace(e.phases, clamped=max(0, e.phases.clamped - int(x))))


def _damage_is_harmless(
    plain: Experiment, hard: Experiment, x: float, seen: Recording
) -> BoolArray:
    return survives_damage(plain.graph, hard.graph, plain.points, ~hard.dead)


def _flips_are_corrected(
    plain: Experiment, hard: Experiment, x: float, seen: Recording
) -> BoolArray:
    return corrects_flips(plain.graph, plain.points, hard.flips)


def _noise_is_withstood(
    plain: Experiment, hard: Experiment, x: float, seen: Recording
) -> FloatArray:
    return withstands_noise(plain.graph, plain.points, x, plain.phases.total - 1)


def _has_settled(plain: Experiment, hard: Experiment, x: float, seen: Recording) -> BoolArray:
    return settled(plain.graph, plain.points, seen, int(x))


HARMLESS = "what the damage takes from each neuron, gains not counted, is below its margin"
SMALL = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "spike-loss", "Lost spikes", "probability that a spike is lost", SMALL, 1, "cued", True,
            _spike_loss, regimes=("step",), on=("emulator",),
        ),
        Kind(
            "noise", "Synaptic noise", "standard deviation, weight units",
            (0, 1, 2, 5, 10, 20, 50), np.inf, "cued", True, _noise, _noise_is_withstood,
            "probability, by the margins, that noise changes no neuron", ("step",), ("emulator",),
        ),
        Kind(
            "mismatch", "Weight mismatch", "standard deviation, fraction of each weight",
            (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5), np.inf, "cued", True, _mismatch,
            _damage_is_harmless, HARMLESS,
        ),
        Kind(
            "lost-synapses", "Lost synapses", "fraction of all synapses",
            (0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), 1, "cued", True, _lost_synapses,
            _damage_is_harmless, HARMLESS,
        ),
        Kind(
            "dead-neurons", "Dead neurons", "fraction of all neurons",
            (0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1), 1, "cued", True, _dead_neurons,
            _damage_is_harmless, HARMLESS, regimes=("step", "asynchronous"),
        ),
        Kind(
            "delays", "Delay jitter", "longest delay, steps", (0, 1, 2, 4, 8),
            LONGEST_DELAY, "learned", False, _delay_jitter, _has_settled,
            "has been in s* for longer than the longest delay", ("step",), whole=True,
        ),
        Kind(
            "flips", "Initial flips", "wrong units at the start", (0, 1, 2, 5, 10, 20, 50),
            np.inf, "cued", False, _initial_flips, _flips_are_corrected,
            "what the wrong units take from each neuron is below its margin", whole=True,
            by_pattern=True,
        ),
        Kind(
            "wrong-class", "Signal of a wrong class", "steps of it before the release",
            (0, 1, 2, 3, 5, 10), np.inf, "learned", False, _wrong_class, whole=True, timed=True,
            by_pattern=True,
        ),
        Kind(
            "weak-signal", "Weak signal", "fraction of the supervisory weights missing",
            (0, 0.2, 0.4, 0.6, 0.8, 1), 1, "learned", False, _weak_signal, random=False,
        ),
        Kind(
            "cut-signal", "Signal cut short", "clamped steps left out", (0, 1, 2, 3, 4, 5),
            np.inf, "learned", False, _cut_signal, whole=True, timed=True, random=False,
        ),
    )
}  # fmt: skip


def check_kind(name: str, simulator: Simulator) -> Kind:
    """The kind of stress of a name, if the simulator can have it.

    Raises
    ------
    BadInput
        There is no such kind, or not on this simulator.
    """
    if name not in KINDS:
        message = f"unknown stress {name!r}; allowed: {', '.join(KINDS)}"
        raise BadInput(message)
    kind = KINDS[name]
    if simulator.regime not in kind.regimes:
        message = (
            f"stress {name} has no {simulator.regime} regime; allowed: {', '.join(kind.regimes)}"
        )
        raise BadInput(message)
    if kind.on and simulator.name not in kind.on:
        message = f"{simulator.name} has no stress {name}; allowed: {', '.join(kind.on)}"
        raise BadInput(message)
    return kind


def highest_level(kind: Kind, units: int) -> float:
    """The highest level that a kind of stress has in a network.

    Parameters
    ----------
    kind : Kind
        Any.
    units : int
        Of the network: no more can start wrong.
    """
    return units if kind.name == "flips" else kind.highest


def check_levels(kind: Kind, levels: Sequence[float], units: int) -> None:
    """Refuse levels that a kind of stress does not have.

    Raises
    ------
    BadInput
        With the first wrong one.
    """
    highest = highest_level(kind, units)
    for x in levels:
        if not (0 <= x <= highest and np.isfinite(x)) or (kind.whole and x != int(x)):
            what = "whole numbers" if kind.whole else "numbers"
            message = f"{kind.name} has level {x:g}; allowed: {what} from 0 to {highest:g}"
            raise BadInput(message)
