"""NIR, the exchange format of neuromorphic tools.

- `graph` — nodes and edges; `shapes`, `synapses` — what they mean;
- `file` — files, read without trust by `sandbox`;
- `export` — a synapse graph as NIR and back; `export_signed` — as most tools expect it;
- `imported` — NIR graphs of others as synapse graphs.
"""
