"""The physics of continuous time.

- `lif_parameters` — what neurons and synapses are; `calibration` — set by the margins of a graph.
"""
