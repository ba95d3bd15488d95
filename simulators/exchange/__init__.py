"""Graphs as programs and files of other tools.

- `folder` — exported whole or not at all; `lava` — the Lava process graph, `lava_description` — in
  words; `pynn` — a PyNN program; `netx` — lava-dl's file; `sanafe` — energy and time on its Loihi;
- `nir_executor` — NIR graphs in steps; `nir_lava` — on Lava; `nir_simulator` — as a simulator.
"""
