"""Convolutions and pools multiplied out, against SciPy's correlation of whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate

from spinspike.errors import BadInput
from spinspike.mapping.nir.convolution import bias, matrix, sent
from spinspike.mapping.nir.graph import NirGraph, Node
from spinspike.mapping.nir.shapes import shapes
from spinspike.mapping.nir.synapses import CONSTANT, synapses
from spinspike.simulators.exchange.nir_executor import execute


def correlated(x: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """Dilated kernels are kernels with zeros; a stride takes every so-manieth place."""
    axes = weight.ndim - 2
    wide = np.zeros(
        (
            *weight.shape[:2],
            *((k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)),
        )
    )
    wide[(slice(None), slice(None), *(slice(None, None, d) for d in dilation))] = weight
    padded = np.pad(x, [(0, 0), *((p, p) for p in padding)])
    within, each = weight.shape[1], weight.shape[0] // groups
    rows = []
    for c in range(weight.shape[0]):
        part = padded[c // each * within :][:within]
        rows.append(sum(correlate(a, b, "valid") for a, b in zip(part, wide[c], strict=True)))
    steps = tuple(slice(None, None, s) for s in stride)
    return np.array(rows)[(slice(None), *steps)] if axes else np.array(rows)


@given(
    seed=st.integers(0, 2**32 - 1),
    axes=st.integers(1, 2),
    groups=st.integers(1, 2),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_convolution_is_a_correlation(
    seed: int, axes: int, groups: int, stride: Any, padding: Any, dilation: Any
) -> None:
    rng = np.random.default_rng(seed)
    stride, padding, dilation = stride[:axes], padding[:axes], dilation[:axes]
    shape = (groups * int(rng.integers(1, 3)), *(int(n) for n in rng.integers(5, 8, axes)))
    weight = rng.normal(size=(2 * groups, shape[0] // groups, *rng.integers(1, 4, axes)))
    p = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    parameters = {"weight": weight, "bias": rng.normal(size=2 * groups)}
    parameters |= {name: np.array(value) for name, value in p.items()}
    node = Node(f"Conv{axes}d", parameters)
    x = rng.normal(size=shape)
    wanted = correlated(x, weight, stride, padding, dilation, groups)
    assert sent("c", node, shape) == wanted.shape
    found = matrix("c", node, shape) @ x.ravel()
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=1e-12)
    for channel, own in zip(
        bias(node, wanted.shape).reshape(wanted.shape), parameters["bias"], strict=True
    ):
        assert (channel == own).all()


def pool(kind: str, kernel: Any, stride: Any, padding: Any = 0) -> Node:
    p = {"kernel_size": kernel, "stride": stride, "padding": padding}
    return Node(kind, {name: np.array(value) for name, value in p.items()})


def test_pools_sum_and_average_each_channel() -> None:
    x = np.arange(32.0).reshape(2, 4, 4)
    blocks = x.reshape(2, 2, 2, 2, 2).sum(axis=(2, 4))
    for kind, part in (("SumPool2d", 1), ("AvgPool2d", 4)):
        found = matrix("p", pool(kind, 2, [2, 2]), (2, 4, 4)) @ x.ravel()
        np.testing.assert_array_equal(found.reshape(2, 2, 2), blocks / part)
    # zeros outside count, as in torch
    edge = matrix("p", pool("AvgPool2d", [3, 3], 3, 1), (1, 4, 4)) @ np.ones(16)
    np.testing.assert_allclose(edge, [4 / 9, 4 / 9, 4 / 9, 4 / 9])


def convolution(weight: Any, **changed: Any) -> Node:
    p = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": np.zeros(len(weight))}
    parameters = {name: np.array(value) for name, value in {**p, **changed}.items()}
    return Node(f"Conv{np.ndim(weight) - 2}d", {"weight": np.array(weight), **parameters})


@pytest.mark.parametrize("size", [2, 3])
def test_padding_by_name(size: int) -> None:
    """As torch pads: one more behind than before where the kernel is even."""
    kernel = np.arange(1.0, size + 1).reshape(1, 1, size)
    x = np.array([1.0, 10, 100, 1000])
    found = matrix("c", convolution(kernel, padding="same"), (1, 4)) @ x
    whole = np.correlate(np.pad(x, ((size - 1) // 2, size // 2)), kernel.ravel(), "valid")
    np.testing.assert_array_equal(found, whole)
    short = matrix("c", convolution(kernel, padding="valid"), (1, 4)) @ x
    np.testing.assert_array_equal(short, np.correlate(x, kernel.ravel(), "valid"))


@pytest.mark.parametrize(
    ("node", "shape", "message"),
    [
        (convolution(np.ones((1, 1, 9))), (1, 4), r"node c is a Conv1d whose kernel is larger"),
        (convolution(np.ones((1, 2, 3))), (1, 4), r"weights of shape \(1, 2, 3\) in 1 groups"),
        (convolution(np.ones((1, 1, 3))), (4,), r"a Conv1d and gets shape \(4,\); allowed: 2 axes"),
        (convolution(np.ones((1, 1, 3)), stride=0), (1, 4), r"a stride of \[0\]; allowed: 1 or"),
        (convolution(np.ones((1, 1, 3)), padding="full"), (1, 4), r"padding of 'full'; allowed"),
        (
            convolution(np.ones((1, 1, 3)), padding="same", stride=2),
            (1, 4),
            "padding same; allowed with it: a stride of 1",
        ),
        (
            convolution(np.ones((64, 64, 3, 3)), padding=1),
            (64, 256, 256),
            r"becomes a matrix of 2,415,919,104 entries; allowed: 67,108,864",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(node: Node, shape: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        sent("c", node, shape)


def test_run_and_synapses_agree_through_convolution_pool_and_flatten() -> None:
    rng = np.random.default_rng(0)
    nodes = {
        "x": Node("Input", {"shape": np.array([2, 6, 6])}),
        "c": convolution(rng.normal(size=(3, 2, 3, 3)), bias=rng.normal(size=3), padding=1),
        "p": pool("SumPool2d", 2, 2),
        "f": Node("Flatten", {"start_dim": np.array(0), "end_dim": np.array(-1)}),
        "y": Node("Output", {"shape": np.array([27])}),
    }
    graph = NirGraph(nodes, (("x", "c"), ("c", "p"), ("p", "f"), ("f", "y")))
    x = rng.normal(size=(1, 4, 2, 6, 6))
    found = execute(graph, {"x": x}, dt=1.0)["y"][0]
    weight = {s.source: s.weight for s in synapses(graph)}
    wanted = (weight["x"] @ x[0].reshape(4, -1).T).T + weight[CONSTANT].toarray().T
    np.testing.assert_allclose(found, wanted)
    by_hand = correlated(x[0, 0], nodes["c"].parameters["weight"], (1, 1), (1, 1), (1, 1), 1)
    by_hand = by_hand + nodes["c"].parameters["bias"][:, None, None]
    np.testing.assert_allclose(
        found[0], by_hand.reshape(3, 3, 2, 3, 2).sum(axis=(2, 4)).ravel(), atol=1e-12
    )


@pytest.mark.parametrize(("shape", "start"), [((1, 2, 4), 1), ((2, 4), 0), ((2, 4), 1)])
def test_a_batch_axis_is_left_out_wherever_it_stands(shape: Any, start: int) -> None:
    """In the Input and Flatten, in neither, in Flatten alone."""
    nodes = {
        "x": Node("Input", {"shape": np.array(shape)}),
        "c": convolution(np.ones((3, 2, 2))),
        "f": Node("Flatten", {"start_dim": np.array(start), "end_dim": np.array(-1)}),
        "w": Node("Linear", {"weight": np.ones((1, 9))}),
    }
    found = shapes(NirGraph(nodes, (("x", "c"), ("c", "f"), ("f", "w"))))
    assert found == {"x": (2, 4), "c": (3, 3), "f": (9,), "w": (1,)}
