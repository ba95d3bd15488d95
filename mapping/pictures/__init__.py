"""A graph to be looked at.

- `svg` — its populations as a picture, which `layout` lays out; `graphviz` — for Graphviz;
- `networkx_view` — as networkx graphs.
"""
