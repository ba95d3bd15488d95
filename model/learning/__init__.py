"""Learning, batch by batch.

- `margin_rule` — the local rule; `schedule` — how long and at which pace;
- `base` — the contract of an engine: `numpy_engine`, the oracle; `numba_engine`, fast on processors
  (`numba_kernels`, `numba_lanes`); `jax_engine`, for a GPU (`jax_kernels`); `devices` chooses.
"""
