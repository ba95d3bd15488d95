"""A graph on a chip.

- `placement` — where it lies, as tables and files; `figures` — how full every core is;
- `energy` — what it costs, estimated twice.
"""
