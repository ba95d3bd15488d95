"""The chip's integers in NumPy: the oracle of all others.

- `step` — all neurons at once; `asynchronous` — one at a time; `graded` — graded neurons.
"""
