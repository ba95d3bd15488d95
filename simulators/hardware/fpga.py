"""Graphs as hardware in a folder of its own: Verilog, memories, a test bench, what builds and feeds it.

Nothing of spinspike is needed to build or run it, and the same graph gives the same bytes.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.arrays import InputArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import BIAS_LIMIT
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded
from spinspike.mapping.graph.registers import check_ranges
from spinspike.simulators.base import Phases
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange.exporter import refusals, states_left_behind
from spinspike.simulators.exchange.folder import whole_folder
from spinspike.simulators.stimulus import encode_stimulus

from .board import Board, find_board, misfits, shape_of
from .core import (
    BIAS,
    CLASSES,
    CLEAR,
    COMMAND,
    DELAYS,
    EVENT,
    FIRST_BIAS,
    GROUPS,
    READOUT,
    ROWS,
    RUN,
    STATE,
    STOP,
    SYNAPSES,
    WHERE,
    WINNER,
    Shape,
)
from .image import Image, events, folded_image
from .verilog import require_fpga, verilog

TEMPLATE = Path(__file__).with_name("board_template")
WRITTEN = (
    "README.md", "bench.hex", "bench.v", "board.json", "board.lpf", "board.pcf", "build.py",
    "clock.v", "core.v", "host.py", "network.json", "network.npz", "ram.v", "spram_model.v",
    "top.v", "top.json", "top.asc", "top.bin", "top.config", "top.bit", "yosys.log", "nextpnr.log",
    "pack.log",
)  # fmt: skip
BAUD = 1_000_000
STEPS = 200  # of an image in the test bench
IMAGES = 4


def obstacles(graph: SynapseGraph, board: str = "none", lanes: int | None = None) -> list[str]:
    """What of a graph a board cannot hold, one line each; empty if it fits.

    Parameters
    ----------
    graph : SynapseGraph
    board : str
        See `board.NAMES`.
    lanes : int, optional
        Synapses at a time; the board's own number by default.
    """
    chosen = find_board(board)
    found = refusals(lambda: refuse_graded(graph), lambda: check_ranges(graph))
    if found:
        return found
    image, shape = _made(graph, chosen, lanes)
    if image.delays > 16:
        found.append(f"delays of {image.delays - 1} steps; allowed: up to 15")
    return found + (misfits(shape, chosen) if chosen else [])


def omissions(graph: SynapseGraph) -> list[str]:
    """What goes through but is left behind, one line each.

    Parameters
    ----------
    graph : SynapseGraph
    """
    found = states_left_behind(graph, "the folder holds no states")
    if not graph.named("readout"):
        found.append("the readout: there are no readout neurons, and the core names no class")
    return found


def write(
    graph: SynapseGraph,
    path: Path | str,
    *,
    force: bool = False,
    board: str = "none",
    lanes: int | None = None,
) -> Path:
    """Write a graph as hardware, a folder whole or not at all.

    Parameters
    ----------
    graph : SynapseGraph
    path : path
    force : bool
        Replace a folder that holds nothing else.
    board : {"icebreaker", "ulx3s-25", "ulx3s-85", "none"}
        "none": the core alone, for a system of one's own.
    lanes : int, optional
        Synapses that are added at a time, a power of two; the board's own number by default.

    Raises
    ------
    BadInput
        The board cannot hold the graph (`obstacles`), or the folder cannot be written.
    MissingPart
        The extra ``fpga`` is missing.
    """
    chosen = find_board(board)
    if problems := obstacles(graph, board, lanes):
        message = f"this graph does not fit board {board}: {'; '.join(problems)}"
        raise BadInput(message)
    require_fpga()
    folder = Path(path)
    with whole_folder(folder, WRITTEN, force=force) as new:
        _fill(new, graph, chosen, lanes)
    return folder


def _made(graph: SynapseGraph, board: Board | None, lanes: int | None) -> tuple[Image, Shape]:
    image = folded_image(graph, lanes=lanes or (board.lanes if board else 1))
    return image, shape_of(image, spram=bool(board and board.spram))


def _fill(new: Path, graph: SynapseGraph, board: Board | None, lanes: int | None) -> None:
    image, shape = _made(graph, board, lanes)
    (new / "core.v").write_text(verilog(shape), "utf-8")
    shutil.copy(Path(__file__).with_name("ram.v"), new)
    for name in ("bench.v", "host.py"):
        shutil.copy(TEMPLATE / name, new)
    bench = _bench(graph, image, shape)
    bits = max(1, (len(bench) - 1).bit_length())
    bench += ["0" * 16] * (2**bits - len(bench))
    (new / "bench.hex").write_text("\n".join(bench) + "\n", "utf-8")
    head = f"`define BENCH_BITS {bits}\n"
    (new / "bench.v").write_text(head + (TEMPLATE / "bench.v").read_text("utf-8"), "utf-8")
    ends, kept = graph.io, image.kept
    offset = ends.readout_bias.astype(np.int64)
    whole = image.biases(np.zeros((1, graph.neurons), dtype=np.int64), offset)[0]
    arrays: dict[str, Any] = {
        "synapses": _words(image, shape).ravel(), "rows": image.starts,
        "offset": graph.bias[kept], "first_less_later": (graph.initial_bias - graph.bias)[kept],
        "rest_of_biases": whole[len(kept) :], "unit": ends.unit[kept],
        "input_sign": ends.input_sign[kept], "input_weight": ends.input_weight.toarray(),
        "centre": ends.centre, "scale": ends.scale, "decoder": image.number[ends.decoder],
        "decoder_sign": np.sign(ends.input_sign[ends.decoder]),
    }  # fmt: skip
    _write_arrays(new / "network.npz", arrays)
    about = {
        "baud": BAUD, "bias_limit": BIAS_LIMIT, "gain": ends.gain, "levels": ends.levels,
        "input_range": list(ends.input_range), "inputs": image.inputs,
        "settings": [[where, value] for where, value in _settings(image)],
    }  # fmt: skip
    (new / "network.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    simulated = ["bench.v", "core.v", "ram.v"]
    if shape.spram:
        simulated.append("spram_model.v")
        shutil.copy(TEMPLATE / "spram_model.v", new)
    if board is not None:
        shutil.copy(TEMPLATE / "top.v", new)
        shutil.copy(TEMPLATE / "build.py", new)
        shutil.copy(TEMPLATE / f"{board.source}.v", new / "clock.v")
        pins = "pcf" if board.family == "ice40" else "lpf"
        shutil.copy(TEMPLATE / f"{board.source}.{pins}", new / f"board.{pins}")
        build = {
            "family": board.family, "synth": board.synth, "nextpnr": board.nextpnr,
            "megahertz": board.megahertz, "divider": board.megahertz * 1_000_000 // BAUD,
        }  # fmt: skip
        (new / "board.json").write_text(json.dumps(build, indent=1) + "\n", "utf-8")
    size = len(arrays["synapses"]) + len(image.starts)
    words = {
        "@BOARD@": board.title if board else "a chip of your own",
        "@SUMMARY@": f"{graph.summary()}; {len(kept)} neurons on the core, {shape.lanes} lanes.",
        "@FAMILY@": board.family if board else "ecp5",
        "@PROGRAM@": board.program if board else "what your board is programmed with",
        "@LOAD@": f"{size * 40 / BAUD:.1f} s",
        "@SIMULATED@": " ".join(simulated),
    }
    text = (TEMPLATE / "README.md").read_text("utf-8")
    for mark, word in words.items():
        text = text.replace(mark, word)
    (new / "README.md").write_text(text, "utf-8")


def _words(image: Image, shape: Shape) -> IntArray:
    stored = (image.weights >> shape.shift) & (2**shape.weight_bits - 1)
    return np.asarray(image.targets | stored << shape.group_bits)


def _settings(image: Image) -> list[tuple[int, int]]:
    return [
        (GROUPS, image.groups - 1), (READOUT, image.first_readout), (DELAYS, image.delays),
        (CLASSES, image.classes),
    ]  # fmt: skip


def _bench(graph: SynapseGraph, image: Image, shape: Shape) -> list[str]:
    """Entries of the test bench: memories, then images and what the emulator says of them."""
    ops: list[tuple[int, int, int, int]] = []

    def put(what: int, where: int, data: int) -> None:
        ops.append((1, what, where, data))

    for k, word in enumerate(_words(image, shape).ravel().tolist()):
        put(SYNAPSES, k, word)
    for k, start in enumerate(image.starts.tolist()):
        put(ROWS, k, start)
    for where, value in _settings(image):
        put(COMMAND, where, value)
    images = _images(graph)
    given = encode_stimulus(graph, images)
    seen = Emulator().run(graph, given, Phases(1, 0, STEPS - 1))
    assert seen.spikes is not None
    offset = graph.io.readout_bias.astype(np.int64)
    first, later = image.biases(given.first_bias, offset), image.biases(given.bias, offset)
    for b in range(len(images)):
        put(COMMAND, CLEAR, 0)
        for what, biases in ((FIRST_BIAS, first[b]), (BIAS, later[b])):
            for k, value in enumerate(biases.tolist()):
                put(what, k, value)
        for row in events(image, given.levels[b], given.supervisor[b])[0].tolist():
            put(COMMAND, EVENT, row)
        put(COMMAND, RUN, STEPS | STOP)
        if seen.readout is not None:
            ops.append((2, COMMAND, WINNER, int(seen.readout[b].argmax())))
        for k, spike in enumerate(seen.spikes[-1, b, image.kept].tolist()):
            ops.append((3, STATE, k, int(spike)))
    return [
        f"{kind:02x}{what << WHERE | where:06x}{data & 0xFFFFFFFF:08x}"
        for kind, what, where, data in [*ops, (0, 0, 0, 0)]
    ]


def _images(graph: SynapseGraph) -> InputArray:
    """Learned ones where the graph has some, the ends of the range otherwise."""
    for points in graph.fixed_points.values():
        if len(points):
            return points.inputs[:IMAGES]
    low, high = graph.io.input_range
    pixels = graph.io.centre.size
    return np.random.default_rng(0).choice([low, high], (IMAGES, pixels))


def _write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """An .npz whose bytes do not tell the time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            text = io.BytesIO()
            np.lib.format.write_array(text, np.ascontiguousarray(array))
            file.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), text.getvalue())
