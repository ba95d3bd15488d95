"""Weights as integers.

- `rounding` — the settings; `row_scale` — how far a row may be scaled; `quantise` — each row by
  itself, with `reserve` and `adaptive_rounding`;
- `consolidate` — integers that learn to hold the learned states, by `integer_rule` and
  `integer_readout`;
- `assemble` — integers by units to neurons and synapses.
"""
