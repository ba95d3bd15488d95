"""Validation of memories: it passes those that are what was learned, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.integrator.integrator_graph import map_integrator
from spinspike.model.integrator.linear_network import Filter, LinearNetwork
from spinspike.simulators.base_graded import GradedSimulator, Response
from spinspike.simulators.brian2.graded import Brian2Graded, RateParameters
from spinspike.simulators.emulator.graded import GradedEmulator
from spinspike.simulators.integrator.validation import (
    IntegratorOutcome,
    integrator_claims,
    model_outcome,
    pulse_of,
    run_graph,
    validate_integrator,
)
from spinspike.simulators.validation.claims import Claim


def integrator(rate: float, frequency: float = 0.0, units: int = 6) -> LinearNetwork:
    """A memory in one plane, which answers an impulse with e^{-rate t} cos(frequency t)."""
    plane = np.linalg.qr(np.random.default_rng(1).standard_normal((units, 2)))[0]
    turn = np.array([[1 - rate, -frequency], [frequency, 1 - rate if frequency else 0.0]])
    return LinearNetwork(plane @ turn @ plane.T, plane[:, 0], plane[:, 0])


@dataclass(frozen=True)
class Pretender:
    """Answers as told, whatever the graph: a latch at rate 0."""

    rate: float = 0.0
    wobble: float = 0.0
    seed: int = 0
    name: str = "pretender"

    def run(self, graph: SynapseGraph, signal: FloatArray) -> Response:
        assert graph.graded is not None
        step = graph.graded.step
        times = step * np.arange(1, len(signal) + 1, dtype=np.float64)
        kernel = np.exp(-self.rate * times)
        readout = step * np.convolve(signal, kernel)[: len(signal)]
        readout += self.wobble * np.random.default_rng(self.seed).standard_normal(len(readout))
        return Response(times, readout, readout[:, None], np.full(len(signal), 2.0))


@dataclass(frozen=True)
class Other:
    """The emulator under another name, which may get a number wrong."""

    wrong: bool
    name: str = "other"

    def run(self, graph: SynapseGraph, signal: FloatArray) -> Response:
        seen = GradedEmulator().run(graph, signal)
        assert seen.values is not None
        values = seen.values.copy()
        values[-1, 0] += self.wrong
        return replace(seen, values=values)


def slow(run: str) -> IntegratorOutcome:
    return model_outcome(integrator(0.2), Filter(0.2), run)


def failing(claims: list[Claim]) -> list[str]:
    return [c.statement for c in claims if c.verdict != "holds"]


@pytest.mark.parametrize(("rate", "frequency"), [(0.5, 0.0), (0.05, 0.0), (0.1, 0.5)])
def test_the_model_itself_keeps_what_its_eigenvalue_says(rate: float, frequency: float) -> None:
    for run in ("impulse", "hold"):
        found = model_outcome(integrator(rate, frequency), Filter(rate, frequency), run)
        assert found.outlier == pytest.approx(complex(1 - rate, frequency))
        assert found.fit.time_scale == pytest.approx(1 / rate, rel=1e-4)
        assert found.time_scale == 1
        assert found.fit.frequency == pytest.approx(frequency, rel=1e-4)
        assert found.bits is None
    # at the end of the hold an integrator is at 1 - e^{-2}
    held = found.readouts[np.searchsorted(found.times, found.release + 1e-9) - 1, 0]
    if not frequency:
        assert held == pytest.approx(1 - np.exp(-2), rel=0.01)


@pytest.mark.parametrize(("rate", "frequency"), [(0.1, 0.0), (0.3, 0.4)])
def test_every_claim_holds_on_the_emulator(rate: float, frequency: float) -> None:
    network = integrator(rate, frequency)
    outcomes = list(validate_integrator(network, Filter(rate, frequency), [GradedEmulator()]))
    assert [(o.simulator, o.run, o.null, o.bits) for o in outcomes] == [
        ("model", "impulse", "", None),
        ("model", "hold", "", None),
        ("emulator", "impulse", "", 8),
        ("emulator", "impulse", "no couplings", 8),
        ("emulator", "impulse", "permuted", 8),
        ("emulator", "hold", "", 8),
        ("emulator", "impulse", "", 4),
        ("emulator", "hold", "", 4),
    ]
    assert outcomes[3].fit.rate == pytest.approx(1, rel=0.02)  # only the leak is left
    claims = integrator_claims(outcomes)
    assert len(claims) == (6 if not frequency else 8)
    assert failing(claims) == []


def test_a_latch_and_a_memory_that_needs_no_couplings_fail() -> None:
    model, graph = slow("impulse"), map_integrator(integrator(0.2))
    latch = run_graph(graph, slow("hold"), Pretender())
    assert any("time-scale" in s for s in failing(integrator_claims([latch])))
    right = [
        run_graph(graph, model, Pretender(rate=0.2), null)
        for null in ("", "no couplings", "permuted")
    ]
    assert failing(integrator_claims(right)) == [
        "8 bits, impulse, no couplings: time-scale, distance from the learned 5",
        "8 bits, impulse, permuted: time-scale, distance from the learned 5",
    ]


def test_a_null_that_does_not_decay_decides_nothing() -> None:
    noise = run_graph(map_integrator(integrator(0.2)), slow("impulse"), Pretender(9, 1), "permuted")
    (claim,) = integrator_claims([noise])
    assert claim.verdict == "undecided"


def test_a_memory_shorter_than_the_leak_needs_its_couplings() -> None:
    outcomes = validate_integrator(
        integrator(2.0), Filter(2.0), [GradedEmulator()], bits=(8,), runs=("impulse",)
    )
    assert failing(integrator_claims(list(outcomes))) == []


def test_wrong_partners_that_excite_each_other_beyond_all_bounds_are_drawn_again() -> None:
    """A strong synapse between two units becomes one of a unit onto itself in half of the cases."""

    def permuted(units: int, seed: int) -> IntegratorOutcome:
        coupling = np.zeros((units, units))
        coupling[0, 1] = 8.0
        network = LinearNetwork(coupling, np.ones(units), np.ones(units))
        model = model_outcome(network, Filter(0.5), "impulse")
        return run_graph(map_integrator(network), model, GradedEmulator(), "permuted", seed=seed)

    assert all(np.isfinite(permuted(3, seed).readouts).all() for seed in range(5))
    with pytest.raises(OutOfRange, match="beyond 24 bits"):  # there is no other partner
        permuted(2, 0)


def test_trials_differ_in_their_seed_and_give_the_error() -> None:
    model, graph = slow("impulse"), map_integrator(integrator(0.2))
    found = run_graph(graph, model, Pretender(0.2, wobble=0.02), trials=6)
    assert found.readouts.shape == (len(found.times), 6)
    assert len(np.unique(found.readouts[-1])) == 6
    assert found.spikes == 2 * len(found.times)
    off, error = abs(found.time_scale - 1), found.time_scale_error
    assert 0.001 < error < 0.1
    assert off < 4 * error
    longer = replace(found, fit=replace(found.fit, rate=found.learned.rate / 2))
    reach = 1.96 * longer.time_scale_error
    assert integrator_claims([longer])[0].interval == pytest.approx((1 - reach, 1 + reach))
    once = run_graph(graph, model, GradedEmulator(), trials=6)
    assert once.readouts.shape[1] == 1


def test_one_wrong_number_is_seen() -> None:
    model, graph = slow("impulse"), map_integrator(integrator(0.2))
    for wrong, count in ((False, 0), (True, 1)):
        found = run_graph(graph, model, Other(wrong))
        (claim,) = (c for c in integrator_claims([found]) if "differ" in c.statement)
        assert (claim.value, claim.verdict) == (count, "fails" if wrong else "holds")


@pytest.mark.parametrize(
    ("simulator", "scale", "verdict"),
    [
        ("lava", 1.04, "holds"),
        ("lava", 0.94, "fails"),
        ("brian2", 0.94, "holds"),
        ("brian2", 1.12, "fails"),
        ("lava", np.nan, "fails"),
    ],
)
def test_each_simulator_has_its_bound(simulator: str, scale: float, verdict: str) -> None:
    found = model_outcome(integrator(0.1), Filter(0.1), "impulse")
    fit = replace(found.fit, rate=0.1 / scale)
    claim = integrator_claims([replace(found, simulator=simulator, bits=8, fit=fit)])[0]
    assert claim.statement == "8 bits, impulse: time-scale, distance from the learned 10"
    assert claim.verdict == verdict


def test_claims_are_made_for_eight_bits_unless_others_are_asked_for() -> None:
    found = model_outcome(integrator(0.1), Filter(0.1), "impulse")
    assert integrator_claims([found, replace(found, bits=4)]) == []
    (claim, _) = integrator_claims([found, replace(found, bits=4)], bits=4)
    assert claim.statement.startswith("4 bits, impulse: time-scale")


def test_a_frequency_and_a_drift_that_are_off_fail() -> None:
    found = replace(
        model_outcome(integrator(0.2, 0.5), Filter(0.2, 0.5), "impulse"), bits=8, simulator="lava"
    )
    assert failing(integrator_claims([found])) == []

    def with_fit(**changes: float) -> IntegratorOutcome:
        return replace(found, fit=replace(found.fit, **changes))

    for off in (-1, 1):
        assert failing(integrator_claims([with_fit(frequency=0.5 + 0.03 * off)])) == [
            "8 bits, impulse: frequency, distance from the learned 0.5"
        ]
        assert failing(integrator_claims([with_fit(offset=0.1 * off)])) == [
            "8 bits, impulse: drift, of the amplitude"
        ]


def test_a_hold_is_as_long_as_the_memory() -> None:
    pulse = pulse_of(Filter(0.1), "hold", 0.25)
    assert pulse.length == 20
    assert pulse.amplitude == pytest.approx(0.1)
    assert pulse.after == pytest.approx(40)
    assert pulse_of(Filter(2.0), "hold", 0.25).after == 10  # ten leaks at least


def test_a_bit_alone_makes_a_step_so_long_that_more_is_waited() -> None:
    network, target = integrator(0.5), Filter(0.5)
    found = [*validate_integrator(network, target, [GradedEmulator()], bits=(1,), nulls=False)]
    assert [len(o.times) for o in found[2:]] == [23, 28]  # an impulse; a hold of 4 leaks
    assert all(np.isfinite(o.fit.rate) for o in found)


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match="runs are impulse, nap, trials 4; allowed: impulse, hold"):
        next(validate_integrator(integrator(0.1), Filter(0.1), [], runs=("impulse", "nap")))
    with pytest.raises(BadInput, match="trials 0; allowed: impulse, hold, 1 up"):
        next(validate_integrator(integrator(0.1), Filter(0.1), [], trials=0))


@pytest.mark.brian2
def test_every_claim_holds_in_spikes() -> None:
    spiking: GradedSimulator = Brian2Graded(RateParameters(neurons=40))
    network = integrator(0.4, units=4)
    outcomes = list(
        validate_integrator(network, Filter(0.4), [spiking], bits=(8,), runs=("impulse",), trials=3)
    )
    claims = integrator_claims(outcomes)
    assert len(claims) == 4
    assert failing(claims) == []
