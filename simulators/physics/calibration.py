"""Parameters of continuous-time neurons from the margins of a graph, and how far they can be trusted.

A neuron whose field is h gets F h millivolts beyond its threshold. What the graph knows of h is
how close it comes to 0 in the states that must be held: the learned fixed points, never test
patterns. From that follow the steepness F, a bias and the fields at which synapses are calibrated,
instead of being set by hand for every network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from spinspike.arrays import BoolArray, FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.certificates.margins import certified, integer_margins
from spinspike.mapping.graph.codec import neuron_spikes
from spinspike.mapping.graph.graph import FixedPoints, SynapseGraph
from spinspike.simulators.base import Phases, Simulator
from spinspike.simulators.stimulus import encode_stimulus

from .lif_parameters import LIFParameters

PATTERNS = 500  # fixed points that are looked at
RARE = 1e-5  # spikes per ms that noise may make in the weakest silent neuron: one in 100 s
SUCCESSIVE = 20  # states over which a fraction is taken
HOLD = Phases(cue=100, clamped=0, free=500)
GENTLEST, STEEPEST = 10.0, 400.0  # mV per unit of field


def fields(graph: SynapseGraph, points: FixedPoints) -> FloatArray:
    """How firmly every neuron holds its part in every state, in units of field; (P, N).

    (m - 1/2) / alpha with m the integer margin: half a unit is where a neuron switches.
    """
    return np.asarray((integer_margins(graph, points) - 0.5) / graph.io.scale[graph.io.unit])


def weakest_fields(graph: SynapseGraph, points: FixedPoints) -> FloatArray:
    """The smallest of `fields` in each state, (P,); what `margin_bound` bounds."""
    at_once = max(1, 2**21 // graph.neurons)
    rows = [slice(first, first + at_once) for first in range(0, len(points), at_once)]
    return np.concatenate([fields(graph, points.select(r)).min(axis=1) for r in rows])


def noise_distance(tau_membrane: float) -> float:
    """Distance from the threshold, in standard deviations z of the noise, that is far enough.

    A potential that relaxes with tau and is z deviations below the threshold crosses it at the
    rate z exp(-z^2 / 2) / (sqrt(2 pi) tau) for large z, which here is one spike in 100 s.

    References
    ----------
    Van Kampen, Stochastic Processes in Physics and Chemistry, XIII (Kramers' escape).
    """
    from scipy.optimize import brentq  # here: half a second that few runs need

    rate = RARE * tau_membrane * np.sqrt(2 * np.pi)
    return float(brentq(lambda z: z * np.exp(-(z**2) / 2) - rate, 1.0, 20.0))


def calibrate(graph: SynapseGraph, base: LIFParameters | None = None) -> LIFParameters:
    """Parameters for a graph from its learned fixed points.

    With m+ and m- the smallest fields of firing and of silent neurons (in absolute value), and z
    the `noise_distance`,

    - ``field_scale`` F = 2 z noise / (m+ + m-): noise takes half of the gap between them,
      within 10 to 400 mV;
    - ``bias`` = (m- - m+) / 2 - z noise / (2 F): it splits the other half; noise kicks only silent
      neurons over the threshold;
    - ``marginal_field`` = (m+ + m-) / 2, ``firm_field`` the median field of firing neurons.

    Where all neurons fire in all states, or none does, one kind stands for both. Without learned
    fixed points that are certified, all stays as in ``base``.
    """
    p, points = base or LIFParameters(), graph.fixed_points.get("learned")
    points = points.select(slice(PATTERNS)) if points is not None else None
    if points is None or not certified(graph, points).any():
        return p
    points = points.select(np.flatnonzero(certified(graph, points)))
    field, firing = fields(graph, points), neuron_spikes(graph, points.states)
    silent = field[~firing] if not firing.all() else field  # where none is silent: as the others
    spiking = field[firing] if firing.any() else field
    up, down = float(spiking.min()), float(silent.min())
    noise = noise_distance(p.tau_membrane) * p.noise
    steepness = float(np.clip(2 * noise / (up + down), GENTLEST, STEEPEST))
    return replace(
        p,
        field_scale=steepness,
        bias=(down - up) / 2 - noise / (2 * steepness),
        marginal_field=(up + down) / 2,
        firm_field=float(np.median(spiking)),
    )


def smallest_margin_states(
    graph: SynapseGraph, points: FixedPoints, count: int | None = None
) -> FixedPoints:
    """The states whose weakest field is smallest, weakest first; all, if no ``count`` is given."""
    return points.select(np.argsort(weakest_fields(graph, points), kind="stable")[:count])


def held(
    simulator: Simulator, graph: SynapseGraph, points: FixedPoints, phases: Phases = HOLD
) -> BoolArray:
    """Whether states that are cued are there at every read-out from the release on; (P,)."""
    given = encode_stimulus(graph, points.inputs, cue=points.states)
    recording = simulator.run(graph, given, phases)
    after = recording.states[recording.times >= phases.release - 1e-9]
    return np.asarray((after == points.states).all(axis=(0, 2)))


def compare(
    graph: SynapseGraph,
    points: FixedPoints,
    candidates: Mapping[str, LIFParameters],
    make: Callable[[LIFParameters], Simulator],
) -> tuple[str, dict[str, float]]:
    """Which parameters hold most of some states, the first of equals; and the fraction of each.

    Parameters
    ----------
    points : FixedPoints
        Of learning or validation: the choice is part of the fit.
    make : callable
        A simulator with given parameters.
    """
    found = {name: float(held(make(p), graph, points).mean()) for name, p in candidates.items()}
    return max(found, key=lambda name: found[name]), found


def margin_bound(weakest: FloatArray, held: BoolArray, *, share: float = 0.9) -> float:
    """Weakest field from which a state may be trusted to be held; frozen before any test.

    The smallest field seen at which, and beyond which everywhere, of 20 successive states sorted
    by their weakest field at least the ``share`` is held. So the bound is not carried by the many
    states far above it; and it never lies below all that was seen.

    Parameters
    ----------
    weakest : (P,), units of field
        `weakest_fields` of learned or validation states; the `hardest` say most.
    held : (P,)

    Returns
    -------
    float
        Infinity if not even the firmest 20 are held.

    Raises
    ------
    BadInput
        There are fewer than 20 states.

    Examples
    --------
    >>> weakest = np.arange(40) / 100
    >>> margin_bound(weakest, weakest > 0.045)
    0.03
    """
    if len(weakest) < SUCCESSIVE:
        message = f"{len(weakest)} states; allowed: {SUCCESSIVE} or more to choose a bound from"
        raise BadInput(message)
    order = np.argsort(weakest, kind="stable")
    counts = np.convolve(held[order], np.ones(SUCCESSIVE, dtype=np.int64), mode="valid")
    trusted = np.logical_and.accumulate((counts >= share * SUCCESSIVE)[::-1])[::-1]
    return float(weakest[order][trusted.argmax()]) if trusted.any() else float("inf")
