"""What could be read in several ways, grows or stays silent is said; choices change what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping.nir.graph import NirGraph, Node
from spinspike.mapping.nir.notices import notices, silence, with_choices

ONE = np.ones(1)


def lif(tau: float) -> Node:
    p = {"tau": tau * ONE, "r": ONE, "v_leak": 0 * ONE, "v_threshold": ONE, "v_reset": 0 * ONE}
    return Node("LIF", p)


def graph(*edges: tuple[str, str], shape: Any = (1,), **nodes: Node) -> NirGraph:
    ends = {"i": Node("Input", {"shape": np.array(shape)}), "o": Node("Output", {"shape": ONE})}
    return NirGraph({**ends, **nodes}, edges)


def test_a_plain_graph_is_passed_over_in_silence() -> None:
    plain = graph(("i", "n"), ("n", "n"), ("n", "o"), n=lif(1.0))
    assert notices(plain, dt=1.0) == []
    assert silence({"n": 3}, plain, dt=1.0) == []
    assert silence({}, plain, dt=1.0) == []


def test_time_constants_far_from_a_step_are_said_and_explain_silence() -> None:
    slow = graph(("i", "n"), ("n", "o"), n=lif(10.0))
    far = "node n has a tau of 100,000 steps; is --dt 0.0001 right?"
    assert notices(slow, dt=1e-4) == [far]
    assert silence({"n": 0}, slow, dt=1e-4) == [f"no spikes at all: {far}"]
    assert "strong enough" in silence({"n": 0}, slow, dt=1.0)[0]


def test_what_integrators_add_is_a_choice() -> None:
    count = Node("IF", {"r": 3 * ONE, "v_threshold": ONE, "v_reset": 0 * ONE})
    counting = graph(("i", "n"), ("n", "o"), n=count)
    assert notices(counting, dt=1.0) == []
    assert "add dt r for each input" in notices(counting, dt=0.1)[0]
    chosen = with_choices(counting, dt=0.1, integrate="step", late="all")
    assert notices(chosen, dt=0.1) == ["nodes n add r for each input, whatever dt is"]
    assert chosen.nodes["n"].parameters["r"] * 0.1 == pytest.approx(3)


def test_cycles_of_several_populations_are_a_choice() -> None:
    ring = graph(("i", "a"), ("a", "b"), ("b", "a"), ("b", "o"), a=lif(1.0), b=lif(1.0))
    assert "--late closing" in notices(ring, dt=1.0)[0]
    chosen = with_choices(ring, dt=1.0, integrate="dt", late="closing")
    assert "with --late all everything in it does" in notices(chosen, dt=1.0)[0]


def test_growth_and_batches_are_said() -> None:
    p = {"kernel_size": 2, "stride": 2, "padding": 0}
    pool = Node("SumPool2d", {name: np.array(value) for name, value in p.items()})
    flat = Node("Flatten", {"start_dim": np.array(0), "end_dim": np.array(-1)})
    pooled = graph(("i", "p"), ("p", "f"), ("f", "o"), shape=(1, 1, 4, 4), p=pool, f=flat)
    assert notices(pooled, dt=1.0) == [
        "input i: its leading axis of 1 is taken for a batch",
        "node p, a SumPool2d of 0 weights, becomes 16 synapses",
    ]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"integrate": "x"}, "--integrate is 'x'; allowed: dt, step"),
        ({"late": "x"}, "--late is 'x'; allowed: all, closing"),
    ],
)
def test_other_choices_are_refused(choice: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        with_choices(graph(), dt=1.0, **{"integrate": "dt", "late": "all", **choice})


@pytest.mark.parametrize("dt", [0.0, np.nan])
def test_a_step_that_is_none_is_refused_before_it_divides(dt: float) -> None:
    with pytest.raises(BadInput, match=f"dt is {dt}; allowed: above 0"):
        with_choices(graph(), dt=dt, integrate="step", late="all")
