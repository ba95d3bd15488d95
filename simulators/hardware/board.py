"""Boards that one can buy: their chips, and what of a core fits into the memories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinspike.errors import BadInput

from .core import RESIDUE_BITS, SUM_BITS, Shape, clog2
from .image import Image

Blocks = tuple[tuple[int, int], ...]  # (words, bits) that a block can be
# iCE40 UP5K: data sheet FPGA-DS-02008, 30 blocks of 4 kbit, 4 single-port memories of 16384 x 16.
ICE40: Blocks = ((256, 16), (512, 8), (1024, 4), (2048, 2))
# ECP5: data sheet FPGA-DS-02012, blocks of 18 kbit; 56 on the 25F, 208 on the 85F.
ECP5: Blocks = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
SINGLE_PORT = 4


@dataclass(frozen=True)
class Board:
    """A board, its chip and how its bitstream is built."""

    name: str
    title: str
    family: Literal["ice40", "ecp5"]
    megahertz: int
    lanes: int
    blocks: int
    kinds: Blocks
    synth: str
    nextpnr: tuple[str, ...]
    program: str
    source: str  # of clock and pins, in the template

    @property
    def spram(self) -> bool:
        """Whether synapses lie in single-port memories."""
        return self.family == "ice40"


_ECP5 = ("--package", "CABGA381", "--lpf", "board.lpf")
BOARDS = {
    board.name: board
    for board in (
        Board(
            "icebreaker", "an iCEBreaker (iCE40 UP5K)", "ice40", 24, 1, 30, ICE40,
            "synth_ice40 -device u -dsp",
            ("--up5k", "--package", "sg48", "--pcf", "board.pcf"), "iceprog top.bin", "icebreaker",
        ),
        Board(
            "ulx3s-25", "a ULX3S with an ECP5-25F", "ecp5", 60, 4, 56, ECP5, "synth_ecp5",
            ("--25k", *_ECP5), "fujprog top.bit", "ulx3s",
        ),
        Board(
            "ulx3s-85", "a ULX3S with an ECP5-85F", "ecp5", 60, 4, 208, ECP5, "synth_ecp5",
            ("--85k", *_ECP5), "fujprog top.bit", "ulx3s",
        ),
    )
}  # fmt: skip
NAMES = (*BOARDS, "none")


def find_board(name: str) -> Board | None:
    """The board of a name; None where the core alone is wanted.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Raises
    ------
    BadInput
        It is none.

    Examples
    --------
    >>> find_board("icebreaker").blocks
    30
    """
    if name not in NAMES:
        message = f"board is {name!r}; allowed: {', '.join(NAMES)}"
        raise BadInput(message)
    return BOARDS.get(name)


def shape_of(image: Image, *, spram: bool = False) -> Shape:
    """The smallest core that holds an image.

    Parameters
    ----------
    image : Image
    spram : bool
        Synapses in single-port memories.
    """
    shift = 0
    while image.weights.any() and not (image.weights % 2 ** (shift + 1)).any() and shift < 8:
        shift += 1
    stored = image.weights >> shift
    most = int(np.max([stored.max(initial=0), -stored.min(initial=0) - 1, 1]))
    return Shape(
        lanes=image.lanes, groups=image.groups, words=max(1, len(stored)),
        rows=len(image.starts) - 1, delays=image.delays, weight_bits=most.bit_length() + 1,
        shift=shift, bias_bits=13, spram=spram,
    )  # fmt: skip


def memories(shape: Shape) -> Iterator[tuple[str, int, int]]:
    """Name, words and bits of each memory that lies in blocks; synapses where they do.

    Parameters
    ----------
    shape : Shape
    """
    groups = 2**shape.group_bits
    for lane in range(shape.lanes):
        yield f"sums of lane {lane}", groups, SUM_BITS
        yield f"spikes and residues of lane {lane}", groups, RESIDUE_BITS + 1
        yield f"biases of lane {lane}", 2 * groups, shape.bias_bits
        if not shape.spram:
            yield f"synapses of lane {lane}", 2 ** clog2(shape.words), shape.word_bits
    yield "rows", 2 ** clog2(shape.rows + 1), clog2(shape.words) + 1
    yield "queue of flips", 2**shape.ring_bits, shape.group_bits + 2 * shape.lanes


def misfits(shape: Shape, board: Board) -> list[str]:
    """Which memory of a core does not fit a board, and what would; empty if all do.

    Parameters
    ----------
    shape : Shape
    board : Board
    """
    found = []
    if board.spram:
        each = -(-shape.word_bits // 16) * -(-shape.words // 16384)
        if (needed := shape.lanes * each) > SINGLE_PORT:
            found.append(
                f"{shape.words:,} words of {shape.word_bits} bits of synapses in {shape.lanes} lanes "
                f"need {needed} single-port memories; allowed on {board.name}: {SINGLE_PORT} (fewer "
                "bits, one lane, or encoding signed; or a larger board)"
            )
    needs = {
        name: min(-(-bits // width) * -(-words // depth) for depth, width in board.kinds)
        for name, words, bits in memories(shape)
    }
    if (total := sum(needs.values())) > board.blocks:
        worst = max(needs, key=lambda name: needs[name])
        found.append(
            f"its memories need {total} blocks, {needs[worst]} of them the {worst}; allowed on "
            f"{board.name}: {board.blocks} (fewer bits, fewer lanes, fewer units; or a larger board)"
        )
    return found
