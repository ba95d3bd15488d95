"""Associative memories: patterns in, a network that holds them out.

- `patterns` — patterns in either notation, from arrays, files or pictures, and which cannot be
  stored together; `rules` — how couplings come from them; `capacity` — how many a rule can hold;
- `store` — all of it in one call.
"""
