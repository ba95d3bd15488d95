"""Whether a memory on a line outlives its input.

- `impulse` — impulse, hold and release, and what they show; `validation` — on every simulator.
"""
