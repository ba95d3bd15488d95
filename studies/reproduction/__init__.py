"""The published ablations.

- `run` — which runs, and what came of them; `log` — kept one by one; `figures` — beside published.
"""
