"""Impulse, hold and release on every simulator: whether a memory outlives its input as learned.

Each run drives a mapped network with a `Pulse` and fits what its readout does after the release. The
same runs without couplings and with permuted ones must not have its time-scale: one that they have
was not learned. With B trials, which differ in what a simulator draws at random, errors are those
over trials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from scipy.linalg import expm

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.nulls import permuted_couplings, without_couplings
from spinspike.mapping.integrator.integrator_graph import (
    DEFAULT_STEP,
    map_integrator,
    outlier_after,
)
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, outlier
from spinspike.simulators.base_graded import GradedSimulator, Response
from spinspike.simulators.brian2.graded import Brian2Graded
from spinspike.simulators.emulator.graded import GradedEmulator
from spinspike.simulators.validation.claims import Claim

from .impulse import Pulse, ResponseFit, fit_response

RUNS = ("impulse", "hold")
NULLS = ("no couplings", "permuted")
BITS = (8, 4)
AFTER = 4.0  # learned time-scales that are waited after the release
SHORTEST = 10.0  # leaks that are waited at least
FEWEST = 22  # steps that are waited at least: a fit needs 20 moments, and steps of 1 bit are long
HOLD = 2.0  # of these that a constant input lasts
SETTLED = 0.2  # time after the release from which the response is fitted

TIME_SCALE: Mapping[str, float] = {"brian2": 0.10}  # relative distance from the learned one
STEPPED = 0.05  # the same for simulators that go by steps
FREQUENCY = 0.05
DRIFT = 0.02  # offset at the end, of the amplitude at the release
NULL_OFF = 1 / 3  # relative distance from the learned time-scale that a null must have
EXPLAINED = 0.9  # variance that a decay must explain, or the time-scale of a null means nothing
PERMUTATIONS = 20  # that are tried for one whose numbers stay within the registers
PROMISED = 8  # bits at which the claims are made


@dataclass(frozen=True)
class IntegratorOutcome:
    """What the readout of one run showed, beside what the learned network's own would have."""

    simulator: str  # or "model": the learned network itself
    run: str  # impulse or hold
    null: str  # "" for the graph itself
    bits: int | None  # of the weights; None: not rounded
    target: Filter
    outlier: complex  # learned eigenvalue of W
    mapped: complex  # the same of what the integers stand for
    times: FloatArray  # (K,) since the start, in units of the leak's time constant
    readouts: FloatArray  # (K, B) y in each trial
    release: float
    fit: ResponseFit
    learned: ResponseFit  # of the learned network in the same run
    spikes: float  # of all neurons, mean over trials
    like_emulator: bool | None  # every number is the emulator's; None where not compared

    @property
    def time_scale(self) -> float:
        """Of the memory, in units of the learned one."""
        return self.fit.time_scale / self.learned.time_scale

    @property
    def time_scale_error(self) -> float:
        """Its standard error."""
        return self.fit.time_scale_error / self.learned.time_scale

    @property
    def frequency(self) -> float:
        """In units of the learned one; nan if there is none."""
        return self.fit.frequency / self.learned.frequency if self.learned.frequency else np.nan


def validate_integrator(
    network: LinearNetwork,
    target: Filter,
    simulators: Sequence[GradedSimulator],
    *,
    bits: Sequence[int] = BITS,
    runs: Sequence[str] = RUNS,
    nulls: bool = True,
    trials: int = 4,
    seed: int = 0,
) -> Iterator[IntegratorOutcome]:
    """Run the learned network itself, and its graphs on every simulator.

    Parameters
    ----------
    target : Filter
        What the network learned: how long is waited, and whether a frequency is looked for.
    bits : sequence
        Of the weights.
    nulls : bool
        Whether the first run is repeated on the nulls, with the first bits.
    trials : int
        Runs of simulators that have a seed; the others are the same every time.
    seed : int
        Of the first trial and of the permutation.

    Raises
    ------
    BadInput
        There is no such run, or ``trials`` is below 1.

    Examples
    --------
    >>> network = LinearNetwork(np.array([[0.8]]), np.ones(1), np.ones(1))
    >>> found = validate_integrator(network, Filter(0.2), [GradedEmulator()], nulls=False)
    >>> for claim in integrator_claims(list(found)):
    ...     print(claim.verdict, claim.statement)
    holds 8 bits, impulse: time-scale, distance from the learned 5
    holds 8 bits, impulse: drift, of the amplitude
    holds 8 bits, hold: time-scale, distance from the learned 5
    holds 8 bits, hold: drift, of the amplitude
    """
    unknown = [run for run in runs if run not in RUNS]
    if unknown or trials < 1:
        message = f"runs are {', '.join(runs)}, trials {trials}; allowed: {', '.join(RUNS)}, 1 up"
        raise BadInput(message)
    models = {run: model_outcome(network, target, run) for run in runs}
    yield from models.values()
    for simulator in simulators:
        for width in bits:
            exact = not isinstance(simulator, Brian2Graded)
            graph = map_integrator(network, bits=width, exact=exact)
            for run in runs:
                first = (width, run) == (bits[0], runs[0])
                for null in ("", *(NULLS if nulls and first else ())):
                    yield run_graph(graph, models[run], simulator, null, trials=trials, seed=seed)


def pulse_of(target: Filter, run: str, step: float) -> Pulse:
    """What enters in a run, for steps of such a length.

    A unit impulse in one step; or, for ``HOLD`` time-scales, what would bring an integrator to 1 in
    the end.
    """
    after = max(AFTER / target.rate, SHORTEST, FEWEST * step)
    if run == "impulse":
        return Pulse.impulse(step, after)
    length = max(1, round(HOLD / target.rate / step)) * step
    return Pulse(length, target.rate, after)


def model_outcome(
    network: LinearNetwork, target: Filter, run: str, step: float = DEFAULT_STEP
) -> IntegratorOutcome:
    """The same run on the learned network: neither rounded nor in spikes."""
    pulse = pulse_of(target, run, step)
    signal = pulse.samples(step)
    joint = np.zeros((network.units + 1,) * 2)
    joint[:-1] = step * np.column_stack([network.generator, network.input_weight])
    whole = expm(joint)[:-1]
    state, readout = np.zeros(network.units), np.empty(len(signal))
    for k, x in enumerate(signal):
        state = whole @ np.append(state, x)
        readout[k] = network.readout @ state
    times, learned = step * np.arange(1, len(signal) + 1, dtype=np.float64), outlier(network)
    fit = _fit(times, readout[:, None], pulse, target)
    return IntegratorOutcome(
        "model", run, "", None, target, learned, learned, times, readout[:, None], pulse.length,
        fit, fit, 0.0, None,
    )  # fmt: skip


def run_graph(
    graph: SynapseGraph,
    model: IntegratorOutcome,
    simulator: GradedSimulator,
    null: str = "",
    *,
    trials: int = 4,
    seed: int = 0,
) -> IntegratorOutcome:
    """The run of a model on one simulator, with its graph or a null of that."""
    mapped = outlier_after(graph)  # refuses a graph whose neurons are not graded
    step = graph.graded.step if graph.graded else DEFAULT_STEP
    pulse = pulse_of(model.target, model.run, step)
    signal = pulse.samples(step)
    rng = np.random.default_rng(seed)
    played, seen = _played(graph, null, signal, _trials(simulator, trials, seed), rng)
    readouts = np.transpose([one.readout for one in seen])
    return replace(
        model,
        simulator=simulator.name,
        null=null,
        bits=graph.weight_bits,
        mapped=mapped,
        times=seen[0].times,
        readouts=readouts,
        release=pulse.length,
        fit=_fit(seen[0].times, readouts, pulse, model.target),
        spikes=float(np.mean([one.spikes.sum() for one in seen])),
        like_emulator=_like_emulator(played, signal, simulator, seen[0]),
    )


def _played(
    graph: SynapseGraph,
    null: str,
    signal: FloatArray,
    trials: Sequence[GradedSimulator],
    rng: np.random.Generator,
    more: int = PERMUTATIONS,
) -> tuple[SynapseGraph, list[Response]]:
    """The graph or its null, and its responses.

    Wrong partners may excite each other beyond all registers; then others are drawn.
    """
    played = graph
    if null:
        played = without_couplings(graph) if null == NULLS[0] else permuted_couplings(graph, rng)
    try:
        return played, [one.run(played, signal) for one in trials]
    except OutOfRange:
        if null != NULLS[1] or not more:
            raise
    return _played(graph, null, signal, trials, rng, more - 1)


def _trials(simulator: GradedSimulator, trials: int, seed: int) -> list[GradedSimulator]:
    """The same simulator with other seeds, if it has one."""
    made: Any = simulator
    if not hasattr(made, "seed"):
        return [simulator]
    return cast("list[GradedSimulator]", [replace(made, seed=seed + k) for k in range(trials)])


def _fit(times: FloatArray, readouts: FloatArray, pulse: Pulse, target: Filter) -> ResponseFit:
    late = times > pulse.length + SETTLED
    return fit_response(times[late] - pulse.length, readouts[late], oscillates=target.frequency > 0)


def _like_emulator(
    graph: SynapseGraph, signal: FloatArray, simulator: GradedSimulator, seen: Response
) -> bool | None:
    if seen.values is None or isinstance(simulator, GradedEmulator):
        return None
    oracle = GradedEmulator().run(graph, signal).values
    return oracle is not None and np.array_equal(seen.values, oracle)


def integrator_claims(outcomes: Sequence[IntegratorOutcome], bits: int = PROMISED) -> list[Claim]:
    """What outcomes at so many bits decide: time-scale, frequency, drift, nulls and equality.

    Values come with their 95 % interval. A null whose response is no decay decides nothing.
    """
    found: list[Claim] = []
    for o in outcomes:
        if o.bits != bits:
            continue
        run = f"{o.run}, {o.null}" if o.null else o.run
        statement = f"{run}: time-scale, distance from the learned {o.learned.time_scale:.3g}"
        bound = NULL_OFF if o.null else TIME_SCALE.get(o.simulator, STEPPED)
        found.append(_claim(o, statement, abs(o.time_scale - 1), o.time_scale_error, bound))
        if o.null:
            continue
        if o.learned.frequency:
            statement = f"{o.run}: frequency, distance from the learned {o.learned.frequency:.3g}"
            error = o.fit.frequency_error / o.learned.frequency
            found.append(_claim(o, statement, abs(o.frequency - 1), error, FREQUENCY))
        error = o.fit.offset_error / o.fit.amplitude
        found.append(_claim(o, f"{o.run}: drift, of the amplitude", abs(o.fit.drift), error, DRIFT))
    for name in dict.fromkeys(o.simulator for o in outcomes):
        compared = [o.like_emulator for o in outcomes if o.simulator == name]
        if any(same is not None for same in compared):
            statement = "runs whose numbers differ from the emulator's"
            found.append(Claim(name, statement, compared.count(False), 0, at_least=False))
    return found


def _claim(o: IntegratorOutcome, statement: str, value: float, error: float, bound: float) -> Claim:
    interval = float(np.maximum(0.0, value - 1.96 * error)), value + 1.96 * error
    if o.null and not o.fit.explained >= EXPLAINED:  # no decay
        interval = 0.0, np.inf
    statement = f"{o.bits} bits, {statement}"
    return Claim(o.simulator, statement, value, bound, bool(o.null), interval)
