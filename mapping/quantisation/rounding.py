"""How a network is to become integers: bits, input, ties; and the registers it has to fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from spinspike.errors import BadInput
from spinspike.mapping.graph.register_limits import EXPONENT_LIMIT, FULL_BITS, LEVELS_LIMIT

InputMode = Literal["bias", "binary", "graded"]
INPUT_MODES: tuple[InputMode, ...] = get_args(InputMode)


@dataclass(frozen=True)
class Rounding:
    """How a network becomes integers.

    Parameters
    ----------
    weight_bits : int, 1 … 8
        Bits of a weight's magnitude.
    input : {"bias", "binary", "graded"}
        Whether images come through the bias, as binary spikes (inputs of two values only) or as
        graded spikes of up to 16 levels.
    stochastic : bool
        Round up with the probability of the fraction instead of to the nearest.
    clip : bool
        Give each unit the scale, out of `CLIPPING`, at which its worst relative margin over the
        learned fixed points is largest, though strong couplings are clipped. Without it, and
        without fixed points, the strongest coupling just fits.
    """

    weight_bits: int = FULL_BITS
    input: InputMode = "bias"
    stochastic: bool = False
    clip: bool = True

    def __post_init__(self) -> None:
        if self.weight_bits not in range(1, FULL_BITS + 1):
            message = f"weight_bits is {self.weight_bits}; allowed: 1 to {FULL_BITS}"
            raise BadInput(message)
        if self.input not in INPUT_MODES:
            message = f"input is {self.input!r}; allowed: {', '.join(INPUT_MODES)}"
            raise BadInput(message)

    @property
    def largest(self) -> int:
        """Largest mantissa."""
        return int(2**self.weight_bits) - 1

    @property
    def exponent(self) -> int:
        """Of the couplings: at any number of bits they reach about 255."""
        return FULL_BITS - self.weight_bits

    def levels(self, input_range: tuple[float, float]) -> int:
        """Highest value of an input spike; 0: none."""
        span = input_range[1] - input_range[0]
        if self.input == "graded":
            whole = int(span) if span in range(2, LEVELS_LIMIT + 1) else 1
            return LEVELS_LIMIT // whole * whole  # whole numbers are sent as they are
        return 1 if self.input == "binary" else 0

    def exponent_for(self, largest: float) -> int:
        """Smallest exponent at which a weight fits; the highest for those that do not."""
        fitting = (e for e in range(EXPONENT_LIMIT) if largest <= self.largest << e)
        return next(fitting, EXPONENT_LIMIT)
