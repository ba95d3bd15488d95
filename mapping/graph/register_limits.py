"""What a chip's registers hold: the numbers graphs keep to."""

from __future__ import annotations

EXPONENT_LIMIT = 7
STATE_LIMIT = 2**17 - 33  # 24-bit state in 1/64 weight units, less the largest leak residue
FULL_BITS = 8
STATE_BITS = 23  # of a 24-bit state, without its sign
MESSAGE_LIMIT = 2**STATE_BITS - 1  # largest number that a graded neuron holds or sends
LEVELS_LIMIT = 16  # of a graded spike: more, times 8-bit weights, leave little of the 24-bit state
