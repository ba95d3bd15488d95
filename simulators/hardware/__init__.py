"""The graph as a digital circuit: a core in Amaranth, its Verilog, and the Verilog as a simulator.

- `core` — the circuit; `image` — what its memories hold for a graph;
- `verilog` — yosys; `compiled` — the Verilog as C++, compiled; `backend` — that as a simulator.
"""
