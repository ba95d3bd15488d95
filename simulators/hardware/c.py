"""Graphs as one C99 file of whole numbers for a microcontroller: no allocation, no library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import BIAS_LIMIT
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded
from spinspike.mapping.graph.registers import check_ranges
from spinspike.outputs import check_target, writing
from spinspike.simulators.exchange.exporter import refusals, states_left_behind

from .image import Image, folded_image

TEMPLATE = Path(__file__).with_name("network.c")
MARK = "/* @TABLES@ */"
WIDE = 96  # characters of a line of numbers


def obstacles(graph: SynapseGraph) -> list[str]:
    """What of a graph the file cannot hold, one line each; empty if it fits.

    Parameters
    ----------
    graph : SynapseGraph
    """
    return refusals(lambda: refuse_graded(graph), lambda: check_ranges(graph))


def omissions(graph: SynapseGraph) -> list[str]:
    """What goes through but is left behind, one line each.

    Parameters
    ----------
    graph : SynapseGraph
    """
    return states_left_behind(graph, "the file holds no states")


def write(graph: SynapseGraph, path: Path | str, *, force: bool = False) -> Path:
    """Write a graph as one C99 file.

    Parameters
    ----------
    graph : SynapseGraph
    path : path
    force : bool
        Write over a file that is there.

    Raises
    ------
    BadInput
        The file cannot hold the graph (`obstacles`), or cannot be written.
    """
    if problems := obstacles(graph):
        message = f"this graph cannot be written as C: {'; '.join(problems)}"
        raise BadInput(message)
    path = Path(path)
    check_target(path, force=force)
    text = source(graph)
    with writing(path):
        path.write_text(text, "utf-8")
    return path


def source(graph: SynapseGraph) -> str:
    """The C99 file of a graph.

    Parameters
    ----------
    graph : SynapseGraph
    """
    image = folded_image(graph)
    tables, flash, ram = _tables(graph, image)
    head = f"/* {graph.summary()}.\n * Tables: {flash:,} bytes of flash. State: {ram:,} bytes of RAM. */\n"
    return TEMPLATE.read_text("utf-8").replace(MARK, head + tables)


def _tables(graph: SynapseGraph, image: Image) -> tuple[str, int, int]:
    ends, kept = graph.io, image.kept
    neurons, readouts = len(kept), image.classes
    low, high = ends.input_range
    numbers = {
        "NEURONS": neurons, "READOUTS": readouts, "TARGETS": neurons + readouts,
        "UNITS": graph.units, "CLASSES": graph.classes, "INPUTS": ends.centre.size,
        "DELAYS": image.delays, "LEVELS": ends.levels, "BIAS_LIMIT": BIAS_LIMIT,
        "FIRST_LABEL": image.labels, "LABELS": image.inputs - image.labels,
        "FIRST_INPUT": image.inputs,
    }  # fmt: skip
    lines = [f"#define {name} {value}" for name, value in numbers.items()]
    reals = {"LOW": low, "HIGH": high, "GAIN": ends.gain}
    lines += [f"#define {name} ({float(value)!r})" for name, value in reals.items()]
    whole: dict[str, IntArray] = {
        "starts": image.starts,
        "targets": image.targets[:, 0],
        "weights": image.weights[:, 0],
        "offset": graph.bias[kept],
        "first_less_later": (graph.initial_bias - graph.bias)[kept],
        "stands": image.number,
        "decoder": ends.decoder,
        "decoder_sign": np.sign(ends.input_sign[ends.decoder]),
    }
    real: dict[str, FloatArray] = {}
    readout_bias = ends.readout_bias if readouts else np.zeros(1, dtype=np.int64)
    whole["readout_bias"] = readout_bias
    if not ends.levels:
        weight = ends.input_weight.tocsr()
        whole |= {
            "input_starts": weight.indptr, "input_index": weight.indices,
            "unit_of": ends.unit[kept], "input_sign": ends.input_sign[kept],
        }  # fmt: skip
        real |= {"input_weight": weight.data, "centre": ends.centre, "scale": ends.scale}
    flash = 0
    for name, values in whole.items():
        kind, size = ("uint32_t", 4) if name.endswith("starts") else _kind(values)
        flash += size * max(1, values.size)
        lines.append(_array(f"static const {kind} {name}[{max(1, values.size)}]", values.tolist()))
    for name, reals_of in real.items():
        flash += 8 * max(1, reals_of.size)
        size = max(1, reals_of.size)
        lines.append(_array(f"static const double {name}[{size}]", reals_of.tolist()))
    if not readouts:
        flash += 8 * ends.readout.size
        rows = ",\n".join("{" + ", ".join(map(repr, row)) + "}" for row in ends.readout.tolist())
        shape = f"[{max(1, graph.classes)}][{graph.units}]"
        lines.append(f"static const double readout{shape} = {{\n{rows or '{0}'}\n}};")
    ram = 8 * (neurons + readouts) + 8 * neurons + (image.delays + 1) * neurons + 4
    return "\n".join(lines), flash, ram


def _kind(values: IntArray) -> tuple[str, int]:
    """The smallest C type for numbers, and its bytes."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    for bits in (8, 16):
        if low >= 0 and high < 2**bits:
            return f"uint{bits}_t", bits // 8
        if -(2 ** (bits - 1)) <= low and high < 2 ** (bits - 1):
            return f"int{bits}_t", bits // 8
    return "int32_t", 4


def _array(declared: str, values: list[int] | list[float]) -> str:
    lines, line = [], ""
    for text in [repr(value) for value in values] or ["0"]:
        if len(line) + len(text) + 2 > WIDE:
            lines.append(line.rstrip())
            line = ""
        line += f"{text}, "
    return f"{declared} = {{\n" + "\n".join([*lines, line.rstrip(", ")]) + "\n};"
