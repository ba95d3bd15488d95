"""The executor of NIR against closed forms, and against the tools that wrote the files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping.nir.file import read
from spinspike.mapping.nir.graph import NirGraph, Node
from spinspike.simulators.exchange.nir_executor import execute, obstacles, run

FILES = sorted((Path(__file__).parents[1] / "nir_files").glob("*.nir"))
ONE = np.ones(1)


def chain(*nodes: tuple[str, dict[str, Any]], size: int = 1) -> NirGraph:
    """Input, the nodes under their kinds, Output."""
    shape = {"shape": np.array([size])}
    named = {"in": Node("Input", shape)}
    named |= {f"n{k}": Node(kind, parameters) for k, (kind, parameters) in enumerate(nodes)}
    named["out"] = Node("Output", shape)
    names = list(named)
    return NirGraph(named, tuple(pairwise(names)))


def ran(graph: NirGraph, x: Any, dt: float = 0.1) -> list[float]:
    values = np.asarray(x, dtype=np.float64).reshape(len(x), 1, -1)
    return [float(v) for v in execute(graph, {"in": values}, dt=dt)["out"].ravel()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_of_other_tools_do_what_those_tools_do(path: Path) -> None:
    """Made by snnTorch, Norse and Sinabs (benchmarks/nir_producers.py): every spike alike."""
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
        given, wanted, dt = file["input"], file["output"], float(file["dt"])
    found = execute(read(path), {"input": given}, dt=dt)["output"]
    assert wanted.sum() > 50
    np.testing.assert_array_equal(found, wanted)


def test_there_are_files_of_three_tools() -> None:
    assert {path.stem.split("_")[0] for path in FILES} == {"snntorch", "norse", "sinabs"}
    assert len(FILES) >= 5


def test_the_neuron_of_the_nir_paper_spikes_when_its_authors_tools_let_it_spike() -> None:
    """Norse, which exported it, Nengo and snnTorch: steps 460, 510, 710 and 760.

    github.com/neuromorphs/NIR, paper/01_lif: lif_norse.csv, lif_nengo.csv, lif_snntorch.csv.
    """
    gaps = [6, 15, 4, 3, 0, 2, 1, 2, 0, 1, *[0] * 10, 13, *[0] * 11, 5, 0, 14]
    spikes = np.concatenate([[0] * gap + [1] for gap in gaps])[:100]
    x = np.zeros(1000)
    x[::10] = spikes
    p = {"tau": ONE * 0.0025, "r": ONE, "v_leak": 0 * ONE, "v_reset": 0 * ONE}
    found = ran(chain(("LIF", {**p, "v_threshold": ONE * 0.1})), x, dt=1e-4)
    assert np.flatnonzero(found).tolist() == [460, 510, 710, 760]


def test_a_leaky_integrator_charges_as_a_geometric_series() -> None:
    p = {"tau": ONE * 0.5, "r": ONE * 3, "v_leak": ONE * 2}
    steps = np.arange(1, 9)
    assert ran(chain(("LI", p)), np.full(8, 4.0)) == pytest.approx(14 * (1 - 0.8**steps))


def test_current_comes_before_membrane() -> None:
    """An impulse w gives I = a w (1-a)^n; with tau_mem = dt the membrane is R I at once."""
    p = {"tau_syn": ONE * 0.4, "tau_mem": ONE * 0.1, "r": ONE * 2, "v_leak": 0 * ONE}
    found = ran(chain(("CubaLI", {**p, "w_in": ONE * 5})), [1, 0, 0, 0])
    assert found == pytest.approx([2 * 5 * 0.25 * 0.75**n for n in range(4)])


def test_an_integrator_adds_up() -> None:
    assert ran(chain(("I", {"r": ONE * 3})), [1, 0, 2]) == pytest.approx([0.3, 0.3, 0.9])


@pytest.mark.parametrize(
    ("kind", "p"),
    [
        ("IF", {"r": ONE * 10}),
        ("LIF", {"tau": ONE * 1e9, "r": ONE * 1e10, "v_leak": 0 * ONE}),
        (
            "CubaLIF",
            {"tau_syn": ONE * 0.1, "tau_mem": ONE * 1e9, "r": ONE * 1e10, "v_leak": 0 * ONE},
        ),
    ],
)
def test_spiking_neurons_reset_above_the_threshold_and_not_on_it(
    kind: str, p: dict[str, Any]
) -> None:
    p = {**p, "v_threshold": ONE * 2.5, "v_reset": ONE * -1, "w_in": ONE}
    # 1, 2, 3 -> -1, then it takes four; a membrane of exactly the threshold stays
    assert ran(chain((kind, p)), np.ones(8)) == [0, 0, 1, 0, 0, 0, 1, 0]
    assert ran(chain((kind, {**p, "v_threshold": ONE * 3.5})), np.ones(4)) == [0, 0, 0, 1]


def test_threshold_is_strict() -> None:
    assert ran(chain(("Threshold", {"threshold": ONE * 2})), [1, 2, 3]) == [0, 0, 1]


def test_a_delay_is_rounded_to_steps_and_may_differ_within_a_node() -> None:
    delay = {"delay": np.array([0.0, 0.19, 0.31])}
    x = np.arange(1.0, 6.0)[:, None, None] * np.ones(3)
    found = execute(chain(("Delay", delay), size=3), {"in": x}, dt=0.1)["out"][:, 0]
    np.testing.assert_array_equal(found.T, [[1, 2, 3, 4, 5], [0, 0, 1, 2, 3], [0, 0, 0, 1, 2]])


def test_affine_scale_and_flatten() -> None:
    w = np.array([[1.0, 2.0], [3.0, 4.0]])
    graph = chain(
        ("Flatten", {"start_dim": np.array(0), "end_dim": np.array(-1)}),
        ("Affine", {"weight": w, "bias": np.array([10.0, 20.0])}),
        ("Scale", {"scale": np.array([2.0, -1.0])}),
        size=2,
    )
    nodes = {**graph.nodes, "in": Node("Input", {"shape": np.array([2, 1])})}
    graph = NirGraph(nodes, graph.edges)
    found = execute(graph, {"in": np.array([5.0, 6.0]).reshape(1, 1, 2, 1)}, dt=1.0)["out"]
    assert found.ravel().tolist() == [2 * (17 + 10), -(39 + 20)]


def test_what_goes_around_arrives_a_step_later_and_what_goes_ahead_at_once() -> None:
    """A ring of two neurons without memory: one spike circles for ever, two steps a round."""
    p = {"tau": ONE, "r": ONE, "v_leak": 0 * ONE, "v_threshold": ONE / 2, "v_reset": 0 * ONE}
    shape = {"shape": np.array([1])}
    nodes = {name: Node("LIF", p) for name in ("a", "b", "after")}
    nodes |= {"in": Node("Input", shape), "out": Node("Output", shape)}
    edges = (("in", "a"), ("a", "b"), ("b", "a"), ("b", "after"), ("after", "out"))
    x = np.zeros((6, 1, 1))
    x[0] = 1
    found = execute(NirGraph(nodes, edges), {"in": x}, dt=1.0, record=["a", "b"])
    assert found["a"].ravel().tolist() == [1, 0, 1, 0, 1, 0]
    assert found["b"].ravel().tolist() == [0, 1, 0, 1, 0, 1]
    np.testing.assert_array_equal(found["out"], found["b"])


def test_patterns_do_not_touch_each_other() -> None:
    graph = chain(("IF", {"r": ONE, "v_threshold": ONE * 2, "v_reset": 0 * ONE}))
    x = np.random.default_rng(0).random((20, 3, 1))
    together = execute(graph, {"in": x}, dt=1.0)["out"]
    for b in range(3):
        np.testing.assert_array_equal(
            execute(graph, {"in": x[:, b : b + 1]}, dt=1.0)["out"], together[:, b : b + 1]
        )


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (chain(("Conv3d", {})), r"node n0 is a Conv3d; allowed: Input, Output, Linear"),
        (chain(("LI", {"tau": ONE / 20, "r": ONE, "v_leak": ONE})), r"tau of 0\.05; allowed: dt"),
        (chain(("Linear", {"weight": np.ones((1, 3))})), r"node n0 takes shape \(3,\) and gets \("),
        (chain(("Linear", {"weight": np.ones((1, 1, 1))})), r"node n0 has weights of shape \(1, 1"),
        (chain(("Delay", {"delay": ONE * 1e9})), r"node n0 delays by 1e\+10 steps; allowed"),
        (
            NirGraph({"a": Node("Scale", {"scale": ONE})}, (("a", "a"),)),
            r"nodes a feed each other with no neuron between them",
        ),
        (
            NirGraph({"a": Node("I", {"r": np.array(1.0)})}, ()),
            r"node a is a I of a number of neurons that nothing tells",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(graph: NirGraph, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        execute(graph, {n: np.ones((2, 1, 1)) for n in graph.named("Input")}, dt=0.1)


def test_inputs_that_do_not_fit_are_refused() -> None:
    graph = chain(("I", {"r": ONE}))
    with pytest.raises(BadInput, match=r"no input is called 'x'; allowed: in"):
        execute(graph, {"x": np.ones((2, 1, 1))}, dt=1.0)
    with pytest.raises(BadInput, match=r"input in has shape \(2, 1, 5\); allowed: \(steps, B, \*"):
        execute(graph, {"in": np.ones((2, 1, 5))}, dt=1.0)
    with pytest.raises(BadInput, match=r"there is no input in; needed: in; there are: none"):
        execute(graph, {}, dt=1.0)
    with pytest.raises(BadInput, match=r"inputs have \(steps, patterns\) \[\]; allowed: one"):
        execute(NirGraph({}, ()), {}, dt=1.0)
    with pytest.raises(BadInput, match=r"input in has type complex128; allowed: numbers"):
        execute(graph, {"in": np.ones((2, 1, 1)) * 1j}, dt=1.0)
    with pytest.raises(
        BadInput, match=r"no node is called 'outt'; allowed: .*; did you mean 'out'"
    ):
        execute(graph, {"in": np.ones((2, 1, 1))}, dt=1.0, record=["outt"])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_refused_where_it_comes_in(wrong: float) -> None:
    """It would silence a neuron for good."""
    x = np.ones((4, 1, 1))
    x[2] = wrong
    with pytest.raises(BadInput, match="input in has nan or infinity in step 3; allowed: finite"):
        execute(chain(("I", {"r": ONE})), {"in": x}, dt=1.0)


def test_numbers_that_outgrow_a_double_are_refused_where_they_do() -> None:
    graph = chain(("Linear", {"weight": np.full((1, 1), 1e200)}), ("I", {"r": ONE * 1e200}))
    with pytest.raises(BadInput, match="node n1 exceeds what a double holds in step 1"):
        execute(graph, {"in": np.ones((2, 1, 1))}, dt=1.0)


@pytest.mark.parametrize("dt", [0.0, -1.0, np.nan, np.inf])
def test_a_step_is_above_0(dt: float) -> None:
    with pytest.raises(BadInput, match=f"dt is {dt}; allowed: above 0"):
        execute(chain(("I", {"r": ONE})), {"in": np.ones((2, 1, 1))}, dt=dt)


@pytest.mark.parametrize("form", ["<f2", ">f4", ">f8", ">i2", "?", "strided"])
def test_arrays_of_any_layout_say_the_same(form: str) -> None:
    x = np.array([1.0, 0, 1, 1, 0, 1]).reshape(6, 1, 1)
    p = {"tau": ONE * 0.3, "r": ONE * 2, "v_leak": ONE, "v_threshold": ONE, "v_reset": 0 * ONE}
    wanted = ran(chain(("LIF", p)), x)
    if form == "strided":
        given = np.repeat(x, 2, axis=0)[::2]
        assert not given.flags.c_contiguous or len(given) == 1 or given.base is not None
    else:
        given = x.astype(form)
    assert execute(chain(("LIF", p)), {"in": given}, dt=0.1)["out"].ravel().tolist() == wanted


def test_delays_add_up_along_the_way_and_are_rounded_once() -> None:
    """Three of 0.4 steps are 1.2: one step. A bias in between waits for what comes after it."""
    late = ("Delay", {"delay": ONE * 0.04})
    assert ran(chain(late, late, late), [0, 1, 0, 0]) == [0, 0, 1, 0]
    assert ran(chain(late), [0, 1, 0, 0]) == [0, 1, 0, 0]
    affine = ("Affine", {"weight": np.ones((1, 1)), "bias": ONE})
    assert ran(chain(late, affine, late), [0, 1, 0, 0]) == [1, 1, 2, 1]
    neuron = ("Threshold", {"threshold": ONE / 2})  # it ends the way: twice 0 steps
    assert ran(chain(late, neuron, late), [0, 1, 0, 0]) == [0, 1, 0, 0]
    assert ran(chain(late, late), [0, 1, 0, 0]) == [0, 0, 1, 0]


def test_half_a_step_is_rounded_up_however_it_is_written() -> None:
    for delay in (0.05, 0.05 - 1e-12, np.float32(0.05)):
        assert ran(chain(("Delay", {"delay": ONE * delay})), [1, 0]) == [0, 1]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_time_constant_of_one_step_forgets_in_single_precision_too(kind: type) -> None:
    p = {"tau": np.ones(1, kind) * kind(1e-4), "r": ONE, "v_leak": 0 * ONE}
    assert ran(chain(("LI", p)), [1, 0, 3], dt=1e-4) == [1, 0, 3]


def test_an_input_that_an_edge_feeds_hands_on_both() -> None:
    shape = {"shape": np.array([1])}
    nodes = {"i": Node("Input", shape), "j": Node("Input", shape), "o": Node("Output", shape)}
    graph = NirGraph(nodes, (("i", "j"), ("j", "o")))
    given = {"i": np.full((2, 1, 1), 3.0), "j": np.full((2, 1, 1), 4.0)}
    assert execute(graph, given, dt=1.0)["o"].ravel().tolist() == [7, 7]


def test_a_membrane_can_be_recorded_after_its_reset() -> None:
    count = {"r": ONE, "v_threshold": ONE * 2.5, "v_reset": -ONE}
    graph = chain(("IF", count))
    found = execute(graph, {"in": np.ones((5, 1, 1))}, dt=1.0, record=["n0.v", "n0"])
    assert found["n0.v"].ravel().tolist() == [1, 2, -1, 0, 1]
    assert found["n0"].ravel().tolist() == [0, 0, 1, 0, 0]


def ring(late: Any) -> NirGraph:
    """Two neurons that forget, a and then b, each fed by the other."""
    p = {"tau": ONE, "r": ONE, "v_leak": 0 * ONE, "v_threshold": ONE / 2, "v_reset": 0 * ONE}
    nodes = {name: Node("LIF", p) for name in "ab"}
    nodes |= {name: Node(kind, {"shape": np.array([1])}) for name, kind in
              (("in", "Input"), ("out", "Output"))}  # fmt: skip
    return NirGraph(nodes, (("in", "a"), ("a", "b"), ("b", "a"), ("b", "out")), late=late)


def test_which_edge_of_a_cycle_is_late_can_be_chosen() -> None:
    """One spike goes around in two steps, or in one where only the closing edge takes one."""
    x = np.array([1.0, 0, 0, 0]).reshape(4, 1, 1)
    for late, wanted in (("all", [0, 1, 0, 1]), ("closing", [1, 1, 1, 1])):
        assert execute(ring(late), {"in": x}, dt=1.0)["out"].ravel().tolist() == wanted


def test_spikes_are_counted_and_obstacles_are_what_running_refuses() -> None:
    graph = chain(("IF", {"r": ONE, "v_threshold": ONE * 1.5, "v_reset": 0 * ONE}))
    assert run(graph, {"in": np.ones((5, 2, 1))}, dt=1.0).spikes == {"n0": 4}
    assert obstacles(graph, dt=1.0) == []
    assert obstacles(graph, dt=0.0) == ["dt is 0.0; allowed: above 0"]
    assert len(obstacles(chain(("LI", {"tau": ONE / 20, "r": ONE, "v_leak": ONE})), dt=0.1)) == 1
    late = chain(*[("Delay", {"delay": ONE * 9e3})] * 2)
    assert obstacles(late, dt=0.1)[0].startswith(
        "on the way to node out there is a delay by 180000"
    )
