"""The local rule: steps worked out by hand, what it must leave alone, and that it converges."""

from __future__ import annotations

import inspect
from copy import deepcopy
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.errors import BadInput
from spinspike.model.learning.margin_rule import MarginRule, consolidate, consolidate_readout
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import margins, sign
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network

SEEDS = st.integers(0, 2**32 - 1)


def two_units() -> Network:
    return from_arrays(
        J=np.array([[0.5, 0.25], [-0.5, 0.5]]),
        Win=np.array([[1.0], [2.0]]),
        Wback=np.ones((2, 2)),
        Wout=np.array([[1.0, 0.5], [-0.25, 1.0]]),
        centre=np.zeros(1),
        gain=1.0,
        input_range=(-1.0, 1.0),
    )


def any_network(rng: np.random.Generator, units: int = 12, sparsity: float = 0.4) -> Network:
    architecture = Architecture(
        units=units, inputs=5, classes=3, sparsity=sparsity, input_sparsity=0.3
    )
    return random_network(architecture, rng, centre=np.full(5, 0.5), gain=1.5)


@pytest.mark.parametrize("margin", [0.75, 1.0])
def test_one_step_by_hand(margin: float) -> None:
    """Margins: 1.25 and -1 of the first sample, 0.75 and 0 of the second.

    All but the first are at most kappa, one exactly at 0.75. Of J_12 the second sample alone may
    change, by eta s_1 s_2 / sqrt(1 2); of J_21 both, each time down.
    """
    network = two_units()
    spins = np.array([[1, -1], [-1, 1]], dtype=np.int8)
    inputs = np.array([[1.0], [-0.5]])
    np.testing.assert_allclose(margins(network, inputs, spins), [[1.25, -1.0], [0.75, 0.0]])
    rule = MarginRule(margin=margin, rate=0.8, input_rate=0.6)
    assert consolidate(network, rule, inputs, spins) == 0.75
    step = 0.8 / np.sqrt(2)
    expected = [[0, 0.25 - step], [-0.5 - 2 * step, 0]]
    np.testing.assert_allclose(network.coupling.toarray(), expected)
    assert network.self_coupling.tolist() == [0.5, 0.5]
    step = 0.6 / np.sqrt(2)
    np.testing.assert_allclose(network.input_weight.toarray(), [[1 + 0.5 * step], [2 - 1.5 * step]])
    np.testing.assert_array_equal(network.readout, two_units().readout)
    np.testing.assert_array_equal(network.supervisory, two_units().supervisory)


def test_one_step_of_the_readout_by_hand() -> None:
    """Margins: -0.5 and -1.25 of the first sample (label 1), 1.5 and -0.75 of the second (0)."""
    network = two_units()
    spins = np.array([[1, -1], [1, 1]], dtype=np.int8)
    rule = MarginRule(readout_margin=0.3, readout_rate=0.4)
    consolidate_readout(network, rule, np.array([1, 0]), spins)
    np.testing.assert_allclose(network.readout, [[0.8, 0.7], [-0.25, 0.6]])
    np.testing.assert_array_equal(network.coupling.data, two_units().coupling.data)
    np.testing.assert_array_equal(network.input_weight.data, two_units().input_weight.data)


SPINS = np.array([[1, -1], [-1, 1]], dtype=np.int8)
INPUTS = np.array([[1.0], [-0.5]])  # margins as above: 1.25 and -1, 0.75 and 0


@pytest.mark.parametrize(
    ("input_margin", "sums"),
    [
        (None, (0.5, -1.5)),  # as of J: all but the first
        (1.25, (1.5, -1.5)),  # all: s x is 1 and 1/2 of the first unit, -1 and -1/2 of the other
        (0.5, (0.0, -1.5)),  # the second unit alone
        (0.0, (0.0, -1.5)),
    ],
)
def test_input_weights_can_ask_for_a_margin_of_their_own(
    input_margin: float | None, sums: tuple[float, float]
) -> None:
    network, other = two_units(), two_units()
    rule = MarginRule(margin=1.0, rate=0.8, input_rate=0.6, input_margin=input_margin)
    assert consolidate(network, rule, INPUTS, SPINS) == 0.75  # counted by the margin of J
    step = 0.6 / np.sqrt(2)
    expected = [[1 + sums[0] * step], [2 + sums[1] * step]]
    np.testing.assert_allclose(network.input_weight.toarray(), expected)
    consolidate(other, MarginRule(margin=1.0, rate=0.8), INPUTS, SPINS)
    np.testing.assert_array_equal(network.coupling.data, other.coupling.data)


@pytest.mark.parametrize(
    ("margins_asked", "bias"),
    [
        ({"margin": 1.0}, (-1.0, 0.0)),  # -1 of the second sample; -1 and +1 cancel
        ({"margin": 0.0, "input_margin": 0.9}, (-1.0, 0.0)),
        ({"margin": 9.0, "input_margin": 0.8}, (-1.0, 0.0)),
        ({"margin": 9.0, "input_margin": 0.0}, (0.0, 0.0)),
    ],
)
def test_biases_follow_the_spins_of_weak_units_by_hand(
    margins_asked: dict[str, float], bias: tuple[float, float]
) -> None:
    network = two_units()
    rule = MarginRule(**margins_asked, bias_rate=0.3, rate=0.0, input_rate=0.0)
    consolidate(network, rule, INPUTS, SPINS)
    np.testing.assert_allclose(network.bias, 0.3 / np.sqrt(2) * np.array(bias))


def test_a_bias_raises_the_margin_of_its_unit_by_its_rate() -> None:
    """One sample of margins 1.25 and -1: at kappa 1 the second unit goes down by eta."""
    network = two_units()
    rule = MarginRule(margin=1.0, bias_rate=0.3, rate=0.0, input_rate=0.0)
    consolidate(network, rule, INPUTS[:1], SPINS[:1], factor=0.5)
    np.testing.assert_allclose(network.bias, [0.0, -0.15])
    np.testing.assert_allclose(margins(network, INPUTS[:1], SPINS[:1]), [[1.25, -0.85]])
    consolidate(network, MarginRule(margin=1.0), INPUTS[:1], SPINS[:1])
    np.testing.assert_allclose(network.bias, [0.0, -0.15])  # no rate of its own by default


def test_decay_shrinks_every_weight_of_a_matrix_after_the_step_by_hand() -> None:
    """Those of firm units too; self-couplings, Wback and biases never."""
    network = replace(two_units(), bias=np.array([0.0, 0.0]))
    rule = MarginRule(margin=1.0, rate=0.8, input_rate=0.6, decay=0.2, input_decay=0.5)
    consolidate(network, rule, INPUTS, SPINS)
    step = 0.8 / np.sqrt(2)
    np.testing.assert_allclose(
        network.coupling.toarray(), [[0, 0.8 * (0.25 - step)], [0.8 * (-0.5 - 2 * step), 0]]
    )
    step = 0.6 / np.sqrt(2)
    np.testing.assert_allclose(
        network.input_weight.toarray(), [[0.5 * (1 + 0.5 * step)], [0.5 * (2 - 1.5 * step)]]
    )
    firm, biased = two_units(), np.array([0.7, -0.7])
    firm.bias[:] = biased
    consolidate(firm, replace(rule, margin=0.0, input_margin=0.0), INPUTS[:1], SPINS[:1])
    assert firm.coupling.toarray()[0, 1] == pytest.approx(0.8 * 0.25)
    assert firm.input_weight.toarray()[0, 0] == pytest.approx(0.5 * 1)
    np.testing.assert_array_equal(firm.bias, biased)
    for changed in (network, firm):
        assert changed.self_coupling.tolist() == [0.5, 0.5]
        np.testing.assert_array_equal(changed.supervisory, two_units().supervisory)
        np.testing.assert_array_equal(changed.readout, two_units().readout)


def test_a_rate_of_zero_freezes_a_matrix_decay_and_all() -> None:
    network, fresh = two_units(), two_units()
    decays = {"decay": 0.2, "input_decay": 0.5, "readout_decay": 0.25}
    rule = MarginRule(margin=9.0, rate=0.0, input_rate=0.0, readout_rate=0.0, **decays)
    assert consolidate(network, rule, INPUTS, SPINS) == 1.0
    consolidate_readout(network, rule, np.array([1, 0]), SPINS)
    np.testing.assert_array_equal(network.coupling.data, fresh.coupling.data)
    np.testing.assert_array_equal(network.input_weight.data, fresh.input_weight.data)
    np.testing.assert_array_equal(network.readout, fresh.readout)


def test_decay_of_the_readout_by_hand() -> None:
    """The step of the readout above, (0.8, 0.7) and (-0.25, 0.6), and a quarter off."""
    network = two_units()
    spins = np.array([[1, -1], [1, 1]], dtype=np.int8)
    rule = MarginRule(readout_margin=0.3, readout_rate=0.4, readout_decay=0.25)
    consolidate_readout(network, rule, np.array([1, 0]), spins)
    np.testing.assert_allclose(network.readout, [[0.6, 0.525], [-0.1875, 0.45]])
    np.testing.assert_array_equal(network.coupling.data, two_units().coupling.data)


def test_a_module_that_is_not_read_out_has_no_part_in_the_readout() -> None:
    """Columns of zeros stay zeros, and the step counts the units that are read: one, not two."""
    network = two_units()
    network.readout[:, 1] = 0
    rule = MarginRule(readout_margin=1.0, readout_rate=0.4)
    consolidate_readout(network, rule, np.array([1]), np.array([[1, -1]], dtype=np.int8))
    # outputs 1 and -1/4, asked for -1 and +1: both too weak
    np.testing.assert_allclose(network.readout, [[0.6, 0.0], [0.15, 0.0]])


def test_factor_multiplies_rates_and_decays() -> None:
    spins, inputs = np.array([[1, -1]], dtype=np.int8), np.array([[0.25]])
    half, whole = two_units(), two_units()
    full = {"rate": 0.2, "input_rate": 0.6, "bias_rate": 0.4, "readout_rate": 0.2}
    decays = {"decay": 0.1, "input_decay": 0.2, "readout_decay": 0.3}
    rates = full | decays
    rule = MarginRule(**{name: value / 2 for name, value in rates.items()})
    for network, taken, factor in ((half, MarginRule(**rates), 0.5), (whole, rule, 1.0)):
        consolidate(network, taken, inputs, spins, factor=factor)
        consolidate_readout(network, taken, np.array([0]), spins, factor=factor)
    np.testing.assert_allclose(half.coupling.data, whole.coupling.data)
    np.testing.assert_allclose(half.input_weight.data, whole.input_weight.data)
    np.testing.assert_allclose(half.bias, whole.bias)
    np.testing.assert_allclose(half.readout, whole.readout)
    assert half.bias.any()


@given(seed=SEEDS, margin=st.floats(0, 3))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_weak_margin_of_a_single_state_rises_by_the_closed_form(seed: int, margin: float) -> None:
    """Delta(s_i f_i) = eta_J k_i / sqrt(fan_in) + eta_in |x|^2_i / sqrt(fan_in), else nothing.

    k_i counts the couplings into unit i, |x|^2_i runs over the pixels that reach it.
    """
    rng = np.random.default_rng(seed)
    network = any_network(rng)
    inputs, spins = rng.random((1, 5)), sign(rng.normal(size=(1, 12)))
    before, present = margins(network, inputs, spins)[0], network.input_weight.toarray() != 0
    couplings = np.count_nonzero(network.coupling.toarray(), axis=1)
    fan_in = couplings[couplings > 0].mean()
    seen = present.sum(axis=1)
    input_fan_in = seen[seen > 0].mean()
    consolidate(network, MarginRule(margin=margin, rate=0.3, input_rate=0.2), inputs, spins)
    x = 1.5 * (inputs[0] - 0.5)
    rise = 0.3 * couplings / np.sqrt(fan_in) + 0.2 * present @ x**2 / np.sqrt(input_fan_in)
    expected = before + np.where(before <= margin, rise, 0.0)
    np.testing.assert_allclose(margins(network, inputs, spins)[0], expected, atol=1e-12)


@given(seed=SEEDS, batch=st.integers(1, 8))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_diagonal_and_absent_synapses_never_change(seed: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    network = any_network(rng)
    fresh = deepcopy(network)
    for _ in range(5):
        inputs, spins = rng.random((batch, 5)), sign(rng.normal(size=(batch, 12)))
        consolidate(network, MarginRule(margin=2.0), inputs, spins)
    np.testing.assert_array_equal(network.self_coupling, fresh.self_coupling)
    for name in ("coupling", "input_weight"):
        absent = getattr(fresh, name).toarray() == 0
        assert absent.any()
        assert not getattr(network, name).toarray()[absent].any()
        assert getattr(network, name).toarray()[~absent].all()


@given(seed=SEEDS, margin=st.floats(0, 2))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_rows_of_firm_units_are_left_alone(seed: int, margin: float) -> None:
    rng = np.random.default_rng(seed)
    network = any_network(rng)
    fresh = deepcopy(network)
    inputs, spins = rng.random((3, 5)), sign(rng.normal(size=(3, 12)))
    firm = (margins(network, inputs, spins) > margin).all(axis=0)
    consolidate(network, MarginRule(margin=margin), inputs, spins)
    for name in ("coupling", "input_weight"):
        after, before = getattr(network, name).toarray(), getattr(fresh, name).toarray()
        np.testing.assert_array_equal(after[firm], before[firm])


def test_the_rule_stores_random_states_with_the_margin_asked_for() -> None:
    """Ten states of 60 units are far below capacity, so the perceptron must converge."""
    rng = np.random.default_rng(0)
    network = any_network(rng, units=60, sparsity=0.0)
    inputs, spins = rng.random((10, 5)), sign(rng.normal(size=(10, 60)))
    rule = MarginRule(margin=1.3, rate=0.3)
    weak = [consolidate(network, rule, inputs, spins) for _ in range(300)]
    assert weak[0] > 0.5
    assert weak[-1] == 0.0
    assert margins(network, inputs, spins).min() > 1.3


def test_the_readout_learns_random_labels_with_the_margin_asked_for() -> None:
    rng = np.random.default_rng(0)
    network = any_network(rng, units=60)
    labels, spins = rng.integers(0, 3, 12), sign(rng.normal(size=(12, 60)))
    for _ in range(300):
        consolidate_readout(network, MarginRule(readout_margin=2.0), labels, spins)
    output = spins @ network.readout.T
    for pattern, label in enumerate(labels):
        for c in range(3):
            assert output[pattern, c] * (1 if c == label else -1) > 2.0


def test_consolidating_knows_neither_labels_nor_the_supervisory_weights() -> None:
    assert list(inspect.signature(consolidate).parameters) == [
        "network",
        "rule",
        "inputs",
        "spins",
        "factor",
    ]
    rng = np.random.default_rng(0)
    network = any_network(rng)
    other = replace(deepcopy(network), supervisory=np.full((12, 3), 1e3), readout=np.ones((3, 12)))
    inputs, spins = rng.random((4, 5)), sign(rng.normal(size=(4, 12)))
    consolidate(network, MarginRule(), inputs, spins)
    consolidate(other, MarginRule(), inputs, spins)
    np.testing.assert_array_equal(network.coupling.data, other.coupling.data)


def test_a_matrix_without_synapses_stays_empty() -> None:
    rng = np.random.default_rng(0)
    architecture = Architecture(units=12, inputs=5, classes=3, input_sparsity=1.0)
    network = random_network(architecture, rng, centre=np.full(5, 0.5))
    consolidate(network, MarginRule(), rng.random((4, 5)), sign(rng.normal(size=(4, 12))))
    assert network.input_weight.nnz == 0
    assert not network.input_weight.toarray().any()


RULE = [f.name for f in fields(MarginRule)]


@pytest.mark.parametrize("name", RULE)
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_senseless_rules_are_refused_with_the_value(name: str, value: float) -> None:
    with pytest.raises(BadInput, match=rf"{name} is {value}; allowed: a finite number >= 0"):
        MarginRule(**{name: value})


@pytest.mark.parametrize("name", [name for name in RULE if "decay" in name])
def test_a_decay_that_leaves_nothing_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=rf"{name} is 1\.0; allowed: below 1"):
        MarginRule(**{name: 1.0})
