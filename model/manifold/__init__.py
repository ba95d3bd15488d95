"""The landscape of fixed points: how many there are, how they lie, and what reaches them.

- `complexity` — how many theory expects; `enumeration` — all of them, one by one.
- `pairs` — how many at a distance, and how far typical ones are alone; `replicas` — where they lie
  dense.
- `planted` — a typical fixed point of a network of any size; `neighbours` — all fixed points at
  a few flips from a state; `local_entropy` — how many lie farther off; `connectedness` — where
  few flips at a time lead; `reached` — whether those that dynamics reach are like others;
  `margin_entropy` — how many neighbours margins alone explain.
- `belief` — how many there are and where, for any size and input; `reinforcement`, `replicated` —
  other ways to reach some than the dynamics; `algorithms` — all ways by name.
- `sweep` — where random networks converge, over J_D, lambda and H; `threshold` — from where on, and
  how that grows with the size; `survey` — one network, trained or not, and what lies around.
"""
