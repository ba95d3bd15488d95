"""A linear network on a chip.

- `integrator_graph` — as pairs of graded neurons; `integrator_step` — what a step multiplies by;
- `integrator_rounding` — couplings in integers, so that the memory keeps its time-scale.
"""
