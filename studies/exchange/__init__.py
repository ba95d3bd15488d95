"""What conversions lose.

- `obstacles` — what of a graph or a NIR file cannot be carried over, and why.
"""
