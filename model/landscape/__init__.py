"""The landscape of fixed points: how many there are, how they lie, and what reaches them.

- `theory` — how many there should be, by closed forms; `counting` — how many there are;
- `search` — what reaches them; `studies` — of many random networks, or of one.
"""
