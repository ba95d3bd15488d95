"""Sweeps and phases against a table made by hand, and fixed points against their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import erf, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.errors import BadInput
from spinspike.mapping.certificates.margins import certified
from spinspike.mapping.mapper import map_network
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import (
    Sweeps,
    field,
    input_field,
    is_fixed,
    label_code,
    margins,
    predict,
    relax,
    run_clamped,
    run_free,
    sign,
    warm_up,
)
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import random_network

# Three units, worked out on paper. The input 1.5 enters as (1.5 - 1) 2 = 1 and gives the fields
# +1, -1, 0. The code of label 1 of two is (-1, 1/2), and its fields through Wback are -3, 3, -4.
HAND_MADE = from_arrays(
    J=np.array([[0.5, 1.0, 0.0], [0.0, 0.5, -1.0], [2.0, 0.0, 0.5]]),
    Win=np.array([[1.0], [-1.0], [0.0]]),
    Wback=np.array([[3.0, 0.0], [0.0, 6.0], [0.0, -8.0]]),
    Wout=np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 3.0]]),
    centre=np.array([1.0]),
    gain=2.0,
    input_range=(0.0, 2.0),
)
INPUT = np.array([[1.5]])
NONE = csr_array((3, 3))
LABEL = np.array([1])


def spins(text: str) -> NDArray[np.int8]:
    return np.array([[1 if c == "+" else -1 for c in word] for word in text.split()], dtype=np.int8)


def test_sign_of_zero_is_up() -> None:
    assert sign(np.array([-1e-300, -0.0, 0.0, 1e-300])).tolist() == [-1, 1, 1, 1]
    assert sign(np.zeros(1)).dtype == np.int8


def test_warm_up_follows_the_input_alone() -> None:
    external = input_field(HAND_MADE, INPUT)
    assert external.tolist() == [[1.0, -1.0, 0.0]]
    np.testing.assert_array_equal(warm_up(HAND_MADE, external), spins("+-+"))


def test_fields_and_margins_of_all_states_by_hand() -> None:
    # h1 = s1/2 + s2 + 1, h2 = s2/2 - s3 - 1, h3 = 2 s1 + s3/2
    table = {
        "---": (-0.5, -0.5, -2.5),
        "--+": (-0.5, -2.5, -1.5),
        "-+-": (1.5, 0.5, -2.5),
        "-++": (1.5, -1.5, -1.5),
        "+--": (0.5, -0.5, 1.5),
        "+-+": (0.5, -2.5, 2.5),
        "++-": (2.5, 0.5, 1.5),
        "+++": (2.5, -1.5, 2.5),
    }
    states, fields = spins(" ".join(table)), np.array(list(table.values()))
    inputs = np.repeat(INPUT, 8, axis=0)
    np.testing.assert_array_equal(field(HAND_MADE, states, input_field(HAND_MADE, inputs)), fields)
    np.testing.assert_array_equal(margins(HAND_MADE, inputs, states), states * fields)
    fixed = is_fixed(HAND_MADE, inputs, states)
    assert [name for name, f in zip(table, fixed, strict=True) if f] == ["---", "+-+"]


@pytest.mark.parametrize(
    ("clamped", "free", "held", "settled"),
    [
        (0, 0, "+-+", "+-+"),
        (1, 0, "-+-", "-+-"),  # fields -2.5, 0.5, -1.5
        (2, 0, "-+-", "-+-"),  # -1.5, 3.5, -6.5: held by the label
        (5, 1, "-+-", "++-"),  # released: 1.5, 0.5, -2.5
        (5, 2, "-+-", "+++"),  # 2.5, 0.5, 1.5
        (5, 3, "-+-", "+-+"),  # 2.5, -1.5, 2.5
        (5, 9, "-+-", "+-+"),  # 0.5, -2.5, 2.5: fixed
        (0, 9, "+-+", "+-+"),
    ],
)
def test_clamp_and_release_by_hand(clamped: int, free: int, held: str, settled: str) -> None:
    found = run_clamped(HAND_MADE, INPUT, LABEL, sweeps=Sweeps(clamped=clamped, free=free))
    np.testing.assert_array_equal(found[0], spins(held))
    np.testing.assert_array_equal(found[1], spins(settled))


def test_a_free_run_never_sees_the_label() -> None:
    blind = replace(HAND_MADE, supervisory=np.full((3, 2), 1e6))
    np.testing.assert_array_equal(run_free(HAND_MADE, INPUT), spins("+-+"))
    np.testing.assert_array_equal(run_free(blind, INPUT), spins("+-+"))


def test_relaxing_sweeps_once_for_each_external_field() -> None:
    external = input_field(HAND_MADE, INPUT)
    for granted, reached in ((0, "-+-"), (1, "++-"), (2, "+++"), (3, "+-+"), (9, "+-+")):
        state = relax(HAND_MADE, spins("-+-"), [external] * granted)
        np.testing.assert_array_equal(state, spins(reached))


def test_a_state_that_rests_still_follows_a_later_field() -> None:
    """It rests in three sweeps; in a fourth the external field turns all spins."""
    external, pushing = input_field(HAND_MADE, INPUT), np.array([[-9.0, 9.0, -9.0]])
    fields = [external, external, external, pushing]
    np.testing.assert_array_equal(relax(HAND_MADE, spins("+-+"), fields[:3]), spins("+-+"))
    np.testing.assert_array_equal(relax(HAND_MADE, spins("+-+"), fields), spins("-+-"))


def test_a_network_that_oscillates_is_left_after_the_sweeps_granted() -> None:
    # one negative self-coupling and no input: the spin turns in every sweep
    turning = replace(HAND_MADE, coupling=NONE, self_coupling=np.array([-1.0, 1.0, 1.0]))
    still = np.zeros((1, 3))
    np.testing.assert_array_equal(relax(turning, spins("+-+"), [still] * 4), spins("+-+"))
    np.testing.assert_array_equal(relax(turning, spins("+-+"), [still] * 5), spins("--+"))


def test_a_tie_counts_as_up_for_fixed_points() -> None:
    nothing = np.zeros((3, 3))
    silent = from_arrays(nothing, nothing[:, :1], nothing[:, :2], nothing[:2])
    states = spins("+++ ++-")
    assert is_fixed(silent, np.ones((2, 1)), states).tolist() == [True, False]
    assert not margins(silent, np.ones((2, 1)), states).any()


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_label_code_by_its_formula(classes: int) -> None:
    code = label_code(np.arange(classes), classes)
    for label in range(classes):
        for c in range(classes):
            expected = sqrt(classes - 1) / 2 if c == label else -1 / sqrt(classes - 1)
            assert code[label, c] == pytest.approx(expected, rel=1e-15)


def test_prediction_is_the_class_of_largest_overlap() -> None:
    # o1 = s1 + 2 s2 + 3 s3, o2 = -s2 + 3 s3
    states = spins("+++ ++- +-- --- --+")
    assert predict(HAND_MADE, states).tolist() == [0, 0, 1, 1, 1]


@given(batch=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_fields_equal_the_sum_in_the_paper(batch: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    architecture = Architecture(units=5, inputs=3, classes=2)
    network = random_network(architecture, rng, centre=rng.random(3), gain=1.7)
    inputs = rng.random((batch, 3))
    states = sign(rng.normal(size=(batch, 5)))
    found = field(network, states, input_field(network, inputs))
    coupling, input_weight = network.coupling.toarray(), network.input_weight.toarray()
    for b in range(batch):
        for i in range(5):
            h = 0.5 * states[b, i]
            h += sum(coupling[i, j] * states[b, j] for j in range(5) if j != i)
            h += sum(
                input_weight[i, k] * 1.7 * (inputs[b, k] - network.centre[k]) for k in range(3)
            )
            assert found[b, i] == pytest.approx(h, abs=1e-12)


@pytest.mark.parametrize(("self_coupling", "instances"), [(0.0, 100), (0.5, 200), (1.0, 200)])
def test_number_of_fixed_points_follows_the_closed_form(
    self_coupling: float, instances: int, every_state: Callable[[int], NDArray[np.int8]]
) -> None:
    """Mean over random networks: (2 Phi(J_D sqrt(H / (H - 1))))^H.

    Exact for fields, rounded networks and Dale graphs: the states that a graph certifies are the
    fixed points of the rounded network, whose number has, but for the rounding, the same mean.
    """
    units = 10
    states = every_state(units)
    nothing = np.zeros((len(states), 1))
    points = FixedPoints(nothing, np.zeros(len(states), dtype=np.int64), states)
    architecture = Architecture(
        units=units, inputs=1, classes=2, sparsity=0.0, self_coupling=self_coupling
    )
    counts, mapped = [], []
    for seed in range(instances):
        network = random_network(architecture, np.random.default_rng(seed), centre=np.zeros(1))
        counts.append(int(is_fixed(network, nothing, states).sum()))
        if seed < instances // 3:
            mapped.append(int(certified(map_network(network), points).sum()))
    phi = 0.5 * (1 + erf(self_coupling * sqrt(units / (units - 1)) / sqrt(2)))
    for found in (counts, mapped):
        standard_error = np.std(found, ddof=1) / sqrt(len(found))
        assert abs(np.mean(found) - (2 * phi) ** units) < 4 * standard_error


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 3)), r"inputs have shape \(2, 3\); allowed: \(patterns, 1\)"),
        (np.zeros(1), r"inputs have shape \(1,\)"),
        (np.array([[np.nan]]), r"inputs contain nan or infinity; allowed: finite numbers"),
        (np.array([[0.0], [-np.inf]]), r"inputs contain nan or infinity"),
    ],
)
def test_bad_inputs_are_refused(inputs: NDArray[np.float64], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        run_free(HAND_MADE, inputs)
    with pytest.raises(BadInput, match=message):
        margins(HAND_MADE, inputs, spins("+++"))


@pytest.mark.parametrize("label", [-1, 2])
def test_labels_of_no_class_are_refused(label: int) -> None:
    with pytest.raises(BadInput, match=rf"labels range from {label} to {label}; allowed: 0 to 1"):
        run_clamped(HAND_MADE, INPUT, np.array([label]))


def test_another_number_of_labels_than_inputs_is_refused() -> None:
    with pytest.raises(BadInput, match="1"):
        run_clamped(HAND_MADE, np.repeat(INPUT, 4, axis=0), LABEL)


@pytest.mark.parametrize(
    ("sweeps", "strengths"),
    [
        (Sweeps(clamped=4), (1, 1, 1, 1)),
        (Sweeps(clamped=4, signal="annealed"), (1, 0.75, 0.5, 0.25)),
        (Sweeps(clamped=1, signal="annealed"), (1,)),
        (Sweeps(clamped=0), ()),
        (Sweeps(clamped=0, signal="annealed"), ()),
    ],
)
def test_an_annealed_signal_falls_in_equal_parts(
    sweeps: Sweeps, strengths: tuple[float, ...]
) -> None:
    assert sweeps.strengths == strengths


@pytest.mark.parametrize(
    ("clamped", "free", "held", "settled"),
    [
        (1, 0, "-+-", "-+-"),  # fields 0.5 - 3, -2.5 + 3, 2.5 - 4
        (2, 0, "++-", "++-"),  # at one half: 1.5 - 1.5, 0.5 + 1.5, -2.5 - 2: a tie counts as up
        (4, 0, "+++", "+++"),  # -0.75, 2.75, -5.5; then 0, 2, -4.5; then 1.75, 1.25, 0.5
        (4, 1, "+++", "+-+"),  # released: 2.5, -1.5, 2.5
    ],
)
def test_an_annealed_clamp_and_release_by_hand(
    clamped: int, free: int, held: str, settled: str
) -> None:
    sweeps = Sweeps(clamped=clamped, free=free, signal="annealed")
    found = run_clamped(HAND_MADE, INPUT, LABEL, sweeps=sweeps)
    np.testing.assert_array_equal(found[0], spins(held))
    np.testing.assert_array_equal(found[1], spins(settled))


@pytest.mark.parametrize(
    ("update_mask", "reached"),
    [
        ("... ... ...", "-+-"),
        ("x..", "++-"),  # fields 1.5, 0.5, -2.5
        (".xx", "-+-"),
        ("x.. x..", "++-"),  # 2.5, 0.5, 1.5
        ("x.. ..x", "+++"),
        ("x.. ..x .x.", "+-+"),  # 2.5, -1.5, 2.5
        ("... xxx", "++-"),  # a sweep that moved no one is no rest
    ],
)
def test_only_spins_whose_turn_it_is_move(update_mask: str, reached: str) -> None:
    whose = np.array([[[c == "x" for c in word]] for word in update_mask.split()])
    externals = [input_field(HAND_MADE, INPUT)] * len(whose)
    np.testing.assert_array_equal(relax(HAND_MADE, spins("-+-"), externals, whose), spins(reached))


def test_each_spin_has_its_turn_with_the_probability_asked_for() -> None:
    update_mask = Sweeps(update_probability=0.3).update_mask(np.random.default_rng(0), (400, 5, 30))
    assert update_mask.shape == (400, 5, 30)
    for axes in ((0, 1), (0, 2), (1, 2)):  # of each unit, of each pattern, in each sweep
        shares, count = (
            update_mask.mean(axis=axes),
            np.prod([update_mask.shape[axis] for axis in axes]),
        )
        assert np.abs(shares - 0.3).max() < 5 * sqrt(0.3 * 0.7 / count)
    assert Sweeps().update_mask(None, (400, 5, 30)).size == 0


def test_partial_updates_start_from_a_full_first_sweep() -> None:
    """With turns that hardly ever come, a run stays where the input alone puts it."""
    sweeps = Sweeps(update_probability=1e-12)
    rng = np.random.default_rng(0)
    for states in run_clamped(HAND_MADE, INPUT, LABEL, sweeps=sweeps, rng=rng):
        np.testing.assert_array_equal(states, spins("+-+"))
    none = np.zeros((50, 1, 3), dtype=np.bool_)
    np.testing.assert_array_equal(run_free(HAND_MADE, INPUT, update_mask=none), spins("+-+"))


def test_partial_updates_need_a_generator() -> None:
    with pytest.raises(BadInput, match=r"update_probability 0\.8 needs a random generator"):
        run_clamped(HAND_MADE, INPUT, LABEL, sweeps=Sweeps(update_probability=0.8))


# Three modules of one unit each in a row: links of 2 from the first to the second and from the
# second to the third, self-couplings of 1/2; the first alone sees the input.
ROW = replace(
    from_arrays(
        J=0.5 * np.eye(3),
        Win=np.array([[1.0], [0.0], [0.0]]),
        Wback=np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 8.0]]),
        Wout=np.eye(2, 3),
        modules=(1, 1, 1),
    ),
    link=csr_array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]),
)


@pytest.mark.parametrize(
    ("modules", "reached"),
    [
        ((3,), "-++"),  # external fields -1, 0, 0
        ((1, 2), "--+"),  # fields -1.5, -1.5, 2.5
        ((1, 1, 1), "---"),  # -1.5, -2.5, -1.5
    ],
)
def test_the_warm_up_has_a_sweep_for_each_module(modules: tuple[int, ...], reached: str) -> None:
    network = replace(ROW, modules=modules)
    external = input_field(network, np.array([[-1.0]]))
    np.testing.assert_array_equal(warm_up(network, external), spins(reached))


def test_links_drive_one_way_by_hand() -> None:
    """H = (s1/2 - 1, 2 s1 + s2/2, 2 s2 + s3/2)."""
    table = {
        "---": (-1.5, -2.5, -2.5),
        "+--": (-0.5, 1.5, -2.5),
        "-+-": (-1.5, -1.5, 1.5),
        "--+": (-1.5, -2.5, -1.5),
        "+++": (-0.5, 2.5, 2.5),
    }
    states, inputs = spins(" ".join(table)), np.full((5, 1), -1.0)
    found = field(ROW, states, input_field(ROW, inputs))
    assert found.tolist() == [list(row) for row in table.values()]
    assert is_fixed(ROW, inputs, states).tolist() == [True, False, False, False, False]
    # the label of class 1, (-1, 1/2), pushes the last unit by 4: up, until the release
    held, settled = run_clamped(ROW, inputs[:1], LABEL, sweeps=Sweeps(2, 1))
    assert (held.tolist(), settled.tolist()) == ([[-1, -1, 1]], [[-1, -1, -1]])


def test_a_bias_is_part_of_the_external_field_from_the_first_sweep() -> None:
    biased = replace(HAND_MADE, bias=np.array([-2.0, 0.0, -3.0]))
    external = input_field(biased, INPUT)
    assert external.tolist() == [[-1.0, -1.0, -3.0]]
    np.testing.assert_array_equal(warm_up(biased, external), spins("---"))
    # h = (s1/2 + s2 - 1, s2/2 - s3 - 1, 2 s1 + s3/2 - 3)
    assert margins(biased, INPUT, spins("---")).tolist() == [[2.5, 0.5, 5.5]]
    assert margins(biased, INPUT, spins("+++")).tolist() == [[0.5, -1.5, -0.5]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clamped": -1}, r"sweeps are -1 clamped, 5 free; allowed: 0 or more"),
        ({"free": -2}, r"sweeps are 5 clamped, -2 free; allowed: 0 or more"),
        ({"signal": "gentle"}, r"signal is 'gentle'; allowed: abrupt, annealed"),
        ({"update_probability": 0.0}, r"update_probability is 0\.0; allowed: above 0, up to 1"),
        ({"update_probability": 1.5}, r"update_probability is 1\.5; allowed"),
        ({"update_probability": float("nan")}, r"update_probability is nan; allowed"),
    ],
)
def test_senseless_sweeps_are_refused_with_the_value(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Sweeps(**changes)
