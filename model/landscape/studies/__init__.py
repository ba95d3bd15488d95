"""Studies of the landscape, as far as they need no simulator.

- `sweep` — where random networks converge, over J_D, lambda and H; `threshold` — from where on;
- `survey` — one network, trained or not; `reached` — whether what dynamics reach is like the rest.
"""
