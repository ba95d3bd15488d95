"""What reaches fixed points.

- `convergence` — the dynamics: fixed points and cycles that any network comes to;
- `belief_propagation` — how many there are and where, for any size and input;
- `reinforcement`, `replicated` — other ways to reach some; `algorithms` — all ways by name.
"""
