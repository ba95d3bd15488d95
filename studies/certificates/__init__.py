"""What fixed points withstand for certain.

- `run` — proofs and attacks of all runs, and files; `tables`, `figures` — to be looked at.
"""
