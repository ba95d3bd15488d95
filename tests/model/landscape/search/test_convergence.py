"""Runs to fixed points and cycles: against plain loops, known cycles and the table of A.5."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput, MissingPart
from spinspike.model.landscape.counting.enumeration import fixed_points
from spinspike.model.landscape.search import convergence
from spinspike.model.landscape.search.convergence import Convergence, converge, random_states
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import field, input_field, is_fixed, sign
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network

Spins = NDArray[np.int8]
Outcome = tuple[list[int], int, int]
DEVICES = ("numpy", pytest.param("cpu", marks=pytest.mark.numba))


def drawn(units: int, self_coupling: float, seed: int = 0, **more: Any) -> Network:
    architecture = Architecture(
        units=units,
        inputs=3,
        classes=2,
        self_coupling=self_coupling,
        **({"sparsity": 0.0, "input_scale": 0.5} | more),
    )
    return random_network(architecture, np.random.default_rng(seed), centre=np.zeros(3))


def pair(J: list[list[float]]) -> Network:
    return from_arrays(J, np.ones((2, 1)), np.eye(2), np.eye(2))


def moved(J: NDArray[np.float64], s: list[int], h: list[float], i: int) -> int:
    return 1 if sum(J[i, j] * s[j] for j in range(len(s))) + h[i] >= 0 else -1


def in_turn(network: Network, s: list[int], h: list[float], *, limit: int, seed: int) -> Outcome:
    """Asynchronous sweeps in plain loops: last state, sweeps, period."""
    J, rng = all_weights(network), np.random.default_rng(seed)
    s = list(s)
    for t in range(limit + 1):
        before = list(s)
        for i in rng.permutation(len(s)):
            s[i] = moved(J, s, h, i)
        if s == before:
            return s, t, 1
    return before, limit, 0


def at_once(network: Network, s: list[int], h: list[float], *, limit: int) -> Outcome:
    """Synchronous sweeps in plain loops: a state of the cycle, sweeps, period."""
    J, past = all_weights(network), [s]
    for t in range(limit + 1):
        s = [moved(J, s, h, i) for i in range(len(s))]
        if s == past[-1] or (s in past and t < limit):  # cycles must close within the limit
            return s, past.index(s), len(past) - past.index(s)
        past.append(s)
    return past[limit], limit, 0


def all_weights(network: Network) -> NDArray[np.float64]:
    J = (network.coupling + network.link).toarray() + np.diag(network.self_coupling)
    return np.asarray(J)


def rows(found: Convergence) -> list[Outcome]:
    return list(
        zip(found.states.tolist(), found.sweeps.tolist(), found.period.tolist(), strict=True)
    )


def small() -> Iterator[tuple[Network, Spins, FloatArray]]:
    """Networks that settle, that cycle and that do neither soon, with inputs and without."""
    for seed, (self_coupling, more) in enumerate(
        [(0.0, {}), (0.3, {}), (0.8, {"sparsity": 0.5}), (0.0, {"modules": 2, "link": 1.2})]
    ):
        network = drawn(9, self_coupling, seed, **more)
        rng = np.random.default_rng(seed)
        start = random_states(network, 12, rng)
        yield network, start, np.zeros(start.shape)
        yield network, start, input_field(network, rng.random((12, 3)))


@pytest.mark.parametrize("device", DEVICES)
def test_synchronous_runs_are_those_of_plain_loops(device: str) -> None:
    periods = set()
    for network, start, external in small():
        found = rows(converge(network, start, external=external, limit=4, device=device))
        assert found == [
            at_once(network, s, h, limit=4)
            for s, h in zip(start.tolist(), external.tolist(), strict=True)
        ]
        periods |= {period for *_, period in found}
    assert {0, 1, 2} <= periods


@pytest.mark.parametrize("device", DEVICES)
def test_asynchronous_runs_are_those_of_plain_loops(device: str) -> None:
    """One order of sites for all patterns, so that each of them can be followed alone."""
    periods = set()
    for network, start, external in small():
        rng = np.random.default_rng(8)
        found = rows(
            converge(
                network,
                start,
                external=external,
                order="asynchronous",
                rng=rng,
                limit=6,
                device=device,
            )
        )
        assert found == [
            in_turn(network, s, h, limit=6, seed=8)
            for s, h in zip(start.tolist(), external.tolist(), strict=True)
        ]
        periods |= {period for *_, period in found}
    assert periods == {0, 1}


def test_antisymmetric_units_go_round_in_four() -> None:
    found = converge(pair([[0, 1], [-1, 0]]), np.array([[1, 1], [1, -1]], dtype=np.int8))
    assert found.period.tolist() == [4, 4]
    assert found.sweeps.tolist() == [0, 0]
    assert not found.fixed.any()


def test_units_that_copy_each_other_swap_or_agree() -> None:
    """(1, -1) and (-1, 1) change places for ever, one after the other they agree at once."""
    copies, start = pair([[0, 1], [1, 0]]), np.array([[1, -1], [1, 1]], dtype=np.int8)
    assert converge(copies, start).period.tolist() == [2, 1]
    found = converge(copies, start, order="asynchronous", rng=np.random.default_rng(0))
    assert rows(found)[1] == ([1, 1], 0, 1)
    assert found.states[0, 0] == found.states[0, 1]
    assert found.sweeps.tolist() == [1, 0]


def test_a_tie_goes_up() -> None:
    found = converge(pair([[0, 0], [0, 1]]), -np.ones((1, 2), dtype=np.int8))
    assert rows(found) == [([1, -1], 1, 1)]


def test_sweeps_up_to_the_limit_count() -> None:
    """A chain in which a flip travels one unit a sweep: three sweeps to settle, not two."""
    J = np.diag(np.ones(3), -1)
    J[0, 0] = 1
    chain = from_arrays(J, np.ones((4, 1)), np.ones((4, 2)), np.ones((2, 4)))
    start = np.array([[1, -1, -1, -1]], dtype=np.int8)
    assert rows(converge(chain, start, limit=3)) == [([1, 1, 1, 1], 3, 1)]
    assert rows(converge(chain, start, limit=2)) == [([1, 1, 1, -1], 2, 0)]
    assert start.tolist() == [[1, -1, -1, -1]]


@pytest.mark.parametrize("order", ["partial", "asynchronous"])
def test_where_any_order_ends_is_fixed_for_all_orders(order: convergence.Order) -> None:
    network, rng = drawn(60, 0.8), np.random.default_rng(2)
    inputs = rng.random((20, 3))
    external = input_field(network, inputs)
    start = random_states(network, 20, rng)
    found = converge(network, start, external=external, order=order, rng=rng)
    assert found.fixed.all()
    assert is_fixed(network, inputs, found.states).all()
    again = converge(network, found.states, external=external)
    assert again.sweeps.tolist() == [0] * 20


def test_fixed_points_reached_are_among_those_enumerated() -> None:
    network, rng = drawn(10, 0.5), np.random.default_rng(0)
    known = set(map(tuple, fixed_points(network).tolist()))
    start = random_states(network, 300, rng)
    found = converge(network, start, order="asynchronous", rng=rng)
    reached = set(map(tuple, found.states[found.fixed].tolist()))
    assert len(reached) > 5
    assert reached <= known


def test_partial_sweeps_of_probability_one_are_synchronous() -> None:
    network, rng = drawn(40, 0.9), np.random.default_rng(1)
    start = random_states(network, 10, rng)
    partial = converge(network, start, order="partial", update_probability=1.0, rng=rng)
    assert partial.fixed.all()
    assert rows(partial) == rows(converge(network, start))


@pytest.mark.numba
@pytest.mark.parametrize(
    ("units", "self_coupling", "settled", "sweeps"),
    [(100, 0.5, 1.0, 22), (400, 0.4, 0.0, None), (400, 0.8, 1.0, 16)],
)
def test_asynchronous_runs_settle_as_in_the_table(
    units: int, self_coupling: float, settled: float, sweeps: int | None
) -> None:
    """Table of PAPERS.md, A.5: fraction of random starts that settle, and their mean sweeps."""
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        network = drawn(units, self_coupling, seed)
        start = random_states(network, 25, rng)
        found.append(converge(network, start, order="asynchronous", rng=rng, limit=200))
    assert np.mean([f.fixed for f in found]) == settled
    if sweeps:
        assert np.mean([f.sweeps for f in found]) == pytest.approx(sweeps, rel=0.3)


@st.composite
def networks(draw_: st.DrawFn, steps: tuple[float | None, ...] = (None, 1.0, 0.1)) -> Network:
    """Sparse and dense ones, linked or not, with ties that are exact and such that rounding makes.

    Multiples of .1 are no binary numbers: .1 + .2 - .3 is 0 in one order of adding up only.
    """
    network = drawn(
        draw_(st.integers(2, 40)),
        draw_(st.sampled_from([0.0, 0.3, 0.8])),
        draw_(st.integers(0, 10**6)),
        modules=draw_(st.integers(1, 3)),
        link=draw_(st.sampled_from([0.0, 0.7])),
        sparsity=draw_(st.sampled_from([0.0, 0.7])),
    )
    step = draw_(st.sampled_from(steps))
    if step:
        network.coupling.data[:] = step * np.round(network.coupling.data / step)
    return network


@pytest.mark.numba
@given(networks(), st.sampled_from(["synchronous", "partial"]), st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_compiled_sweeps_of_all_sites_are_those_of_the_model(
    network: Network, order: convergence.Order, patterns: int
) -> None:
    """Wherever rounding could decide on a spin, the model does."""
    rng = np.random.default_rng(patterns)
    start = random_states(network, patterns, rng)
    external = input_field(network, rng.integers(0, 2, size=(patterns, 3)))
    plain, fast = (
        converge(
            network,
            start,
            external=external,
            order=order,
            rng=np.random.default_rng(0),
            limit=30,
            device=device,
        )
        for device in ("numpy", "cpu")
    )
    assert rows(fast) == rows(plain)


@pytest.mark.numba
@given(networks(), st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_compiled_sweeps_in_turn_end_in_fixed_points_of_the_model(
    network: Network, patterns: int
) -> None:
    rng = np.random.default_rng(patterns)
    start = random_states(network, patterns, rng)
    found = converge(network, start, order="asynchronous", rng=rng, limit=30, device="cpu")
    ends = found.states[found.fixed]
    assert np.array_equal(sign(field(network, ends, np.zeros(ends.shape))), ends)


@pytest.mark.numba
@given(networks(steps=(None,)), st.integers(1, 40))
@settings(deadline=None, max_examples=40)
def test_compiled_sweeps_in_turn_are_the_plain_ones(network: Network, patterns: int) -> None:
    start = random_states(network, patterns, np.random.default_rng(patterns))
    plain, fast = (
        converge(
            network,
            start,
            order="asynchronous",
            rng=np.random.default_rng(0),
            limit=30,
            device=device,
        )
        for device in ("numpy", "cpu")
    )
    assert rows(fast) == rows(plain)


@pytest.mark.numba
@pytest.mark.parametrize("order", convergence.ORDERS)
def test_any_number_of_threads_follows_the_same_runs(
    order: convergence.Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks of 8 patterns, the last one not full."""
    monkeypatch.setattr("spinspike.model.landscape.search.convergence_kernels.BLOCK", 8)
    network = drawn(60, 0.7)
    start = random_states(network, 50, np.random.default_rng(3))
    monitored: list[tuple[int, int]] = []
    one, three, plain = (
        rows(
            converge(
                network,
                start,
                order=order,
                rng=np.random.default_rng(4),
                limit=60,
                progress=lambda *now: monitored.append(now),
                **more,
            )
        )
        for more in ({"jobs": 1}, {"jobs": 3}, {"device": "numpy"})
    )
    assert one == three == plain
    assert {total for _, total in monitored} == {50}
    assert monitored == sorted(monitored[: len(monitored) // 3]) * 3


def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network, rng = drawn(4, 0.5), np.random.default_rng(0)
    start = random_states(network, 2, rng)
    refused: list[tuple[str, Callable[[], object]]] = [
        (r"shape \(2, 3\); allowed: \(patterns, 4\)", lambda: converge(network, start[:, :3])),
        ("of -1 and \\+1", lambda: converge(network, 0 * start)),
        (
            r"external has shape \(1, 4\)",
            lambda: converge(network, start, external=np.ones((1, 4))),
        ),
        ("limit is 0 sweeps", lambda: converge(network, start, limit=0)),
        ("jobs is 0; allowed: 1", lambda: converge(network, start, jobs=0)),
        ("'partial' needs a random generator", lambda: converge(network, start, order="partial")),
        (
            "update_probability is 0; allowed: above 0",
            lambda: converge(network, start, order="partial", update_probability=0, rng=rng),
        ),
        (
            "order is 'by name'; allowed: synchronous",
            lambda: converge(network, start, order="by name", rng=rng),  # type: ignore[arg-type]
        ),
        (
            "device is 'gpu'; allowed: auto, cpu, numpy",
            lambda: converge(network, start, order="asynchronous", rng=rng, device="gpu"),
        ),
    ]
    for said, call in refused:
        with pytest.raises(BadInput, match=said):
            call()
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingPart, match="device cpu needs numba"):
        converge(network, start, order="asynchronous", rng=rng, device="cpu")
