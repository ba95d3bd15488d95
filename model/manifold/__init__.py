"""The landscape of fixed points: how many there are, how they lie, and what reaches them.

- `complexity` — how many theory expects; `enumeration` — all of them, one by one.
"""
