"""The synapse graph.

- `graph` — what a mapped network is; `graph_file` — the ``*.h5`` artefact;
- `encoding` — how a unit becomes neurons; `integer_matrix` — the integers by units they are made of;
- `codec` — images in, classes out; `fields`, `wiring`, `membrane` — the steps of a chip;
- `registers`, `register_limits` — does every number fit; `delays` — spikes that arrive late;
- `relay` — without autapses; `nulls` — graphs whose couplings mean nothing;
- `unit_network` — a graph as a network of spins again.
"""
