"""Fixed points counted, on networks as they are.

- `enumeration` — all of them, one by one; `planted` — a typical one of a network of any size;
- `neighbours` — all at a few flips from a state; `local_entropy` — how many lie farther off;
- `connectedness` — where few flips at a time lead.
"""
