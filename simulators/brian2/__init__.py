"""Brian2.

- `clocked` — the chip's steps; `lif` — leaky integrate-and-fire neurons in continuous time, by
  the equations of `neurons`; `synapses` — what both are made of;
- `graded` — the integrator in spikes; `rate_populations` — what it asks of its populations.
"""
