"""Convolutions and pools of NIR, multiplied out: one sparse matrix between flattened arrays.

With o a place of the output and k one of the kernel, channel c of the output is

    y_c(o) = sum_{d, k} w_cd(k) x_d(stride o + dilation k - padding)  (+ b_c)

where x is 0 outside; d runs through the channels of the group of c. A pool is that with one group
for each channel, and weights of 1 (SumPool2d) or 1 / size of the kernel (AvgPool2d).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from spinspike.arrays import FloatArray, SparseMatrix
from spinspike.errors import BadInput

from .graph import CONVOLUTIONS, POOLS, Node

Shape = tuple[int, ...]
MAX_ENTRIES = 2**26  # entries of one matrix


@dataclass(frozen=True)
class _Window:
    """Kernel, and how it moves; all of one entry for each axis."""

    weight: FloatArray  # (channels out, channels in of a group, *kernel)
    stride: Shape
    before: Shape  # padding
    after: Shape
    dilation: Shape
    groups: int

    def sent(self, shape: Shape) -> Shape:
        """Shape of the output, the channels first."""
        places = [
            (n + before + after - dilation * (k - 1) - 1) // stride + 1
            for n, before, after, dilation, k, stride in zip(
                shape[1:],
                self.before,
                self.after,
                self.dilation,
                self.weight.shape[2:],
                self.stride,
                strict=True,
            )
        ]
        return (self.weight.shape[0], *places)


def sent(name: str, node: Node, shape: Shape) -> Shape:
    """Shape of what a convolution or pool makes of an array.

    Parameters
    ----------
    name, node
        The node.
    shape : tuple of int
        Of what it gets: channels, then one or two axes.

    Raises
    ------
    BadInput
        That does not fit the node, or the matrix would have too many entries.
    """
    window = _window(name, node, shape)
    found = window.sent(shape)
    if min(found) < 1:
        message = f"node {name} is a {node.kind} whose kernel is larger than what it gets, {shape}"
        raise BadInput(message)
    entries = math.prod(found) * math.prod(window.weight.shape[1:])
    if entries > MAX_ENTRIES:
        message = f"node {name} becomes a matrix of {entries:,} entries; allowed: {MAX_ENTRIES:,}"
        raise BadInput(message)
    return found


def matrix(name: str, node: Node, shape: Shape) -> SparseMatrix:
    """What a convolution or pool multiplies a flattened array with.

    Parameters
    ----------
    name, node
        The node.
    shape : tuple of int
        Of what it gets.

    Returns
    -------
    csr_array, shape (size of what it sends, size of what it gets)

    Raises
    ------
    BadInput
        As for `sent`.
    """
    out = sent(name, node, shape)
    window = _window(name, node, shape)
    channels, within = window.weight.shape[:2]
    first = np.arange(channels) // (channels // window.groups) * within
    sender = (first[:, None] + np.arange(within)) * math.prod(shape[1:])
    receiver = np.arange(channels) * math.prod(out[1:])
    rows, columns, data = [], [], []
    flat = window.weight.reshape(channels, within, -1)
    for number, place in enumerate(product(*(range(k) for k in window.weight.shape[2:]))):
        to, source = _pairs(window, place, shape[1:], out[1:])
        full = (channels, within, to.size)
        rows.append(np.broadcast_to(receiver[:, None, None] + to, full).ravel())
        columns.append(np.broadcast_to(sender[:, :, None] + source, full).ravel())
        data.append(np.broadcast_to(flat[:, :, number, None], full).ravel())
    where = (np.concatenate(rows), np.concatenate(columns))
    made = csr_array(coo_array((np.concatenate(data), where), (math.prod(out), math.prod(shape))))
    made.eliminate_zeros()
    return made


def bias(node: Node, shape: Shape) -> FloatArray:
    """What a node with biases adds to each number that it sends, flattened.

    Parameters
    ----------
    node : Node
        An Affine, a Conv1d or a Conv2d.
    shape : tuple of int
        Of what it sends.
    """
    value = np.asarray(node.parameters["bias"], dtype=np.float64)
    if node.kind in CONVOLUTIONS and value.ndim:
        value = value.reshape(-1, *(1 for _ in shape[1:]))
    return np.asarray(np.broadcast_to(value, shape)).ravel()


def _pairs(
    window: _Window, place: Shape, shape: Shape, out: Shape
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the output, and of the input that one place of the kernel brings there."""
    to, source = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for axis, k in enumerate(place):
        o = np.arange(out[axis])
        i = o * window.stride[axis] + k * window.dilation[axis] - window.before[axis]
        inside = (i >= 0) & (i < shape[axis])
        to = (to[:, None] * out[axis] + o[inside]).ravel()
        source = (source[:, None] * shape[axis] + i[inside]).ravel()
    return to, source


def _window(name: str, node: Node, shape: Shape) -> _Window:
    p, axes = node.parameters, 1 if node.kind == "Conv1d" else 2
    if len(shape) != axes + 1:
        message = f"node {name} is a {node.kind} and gets shape {shape}; allowed: {axes + 1} axes"
        raise BadInput(message)
    stride = _each(name, node, "stride", axes, least=1)
    if node.kind in POOLS:
        kernel = _each(name, node, "kernel_size", axes, least=1)
        weight = np.ones((shape[0], 1, *kernel))
        weight /= math.prod(kernel) if node.kind == "AvgPool2d" else 1
        dilation, groups = (1,) * axes, shape[0]
    else:
        weight = p["weight"].astype(np.float64)
        dilation = _each(name, node, "dilation", axes, least=1)
        groups = int(p["groups"].ravel()[0])
    if groups < 1 or weight.shape[0] % groups or weight.shape[1] * groups != shape[0]:
        message = (
            f"node {name} has weights of shape {weight.shape} in {groups} groups and gets shape "
            f"{shape}; allowed: {weight.shape[1] * groups} channels"
        )
        raise BadInput(message)
    before, after = _padding(name, node, weight.shape[2:], dilation)
    return _Window(weight, stride, before, after, dilation, groups)


def _padding(name: str, node: Node, kernel: Shape, dilation: Shape) -> tuple[Shape, Shape]:
    if node.parameters["padding"].dtype.kind != "U":
        padding = _each(name, node, "padding", len(kernel), least=0)
        return padding, padding
    word = str(node.parameters["padding"])
    if word not in ("same", "valid"):
        message = f"node {name} has a padding of {word!r}; allowed: same, valid or numbers"
        raise BadInput(message)
    if word == "same" and set(_each(name, node, "stride", len(kernel), least=1)) != {1}:
        message = f"node {name} has padding same; allowed with it: a stride of 1"
        raise BadInput(message)
    both = [d * (k - 1) * (word == "same") for d, k in zip(dilation, kernel, strict=True)]
    before = tuple(whole // 2 for whole in both)
    return before, tuple(whole - half for whole, half in zip(both, before, strict=True))


def _each(name: str, node: Node, part: str, axes: int, *, least: int) -> Shape:
    """A whole number for each axis, of one for all or of as many."""
    value: NDArray[Any] = np.ravel(node.parameters[part])
    wrong = value.size not in (1, axes) or (value != np.rint(value)).any() or (value < least).any()
    if wrong:
        message = (
            f"node {name} has a {part} of {value.tolist()}; allowed: {least} or more for each of "
            f"{axes} axes"
        )
        raise BadInput(message)
    return tuple(int(n) for n in np.broadcast_to(value, axes))
