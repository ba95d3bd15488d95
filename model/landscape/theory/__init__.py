"""What theory says of fixed points, in closed form.

- `complexity` — how many it expects; `pairs` — how many at a distance, and how far typical ones are
  alone; `replicas` — where they lie dense; `margin_entropy` — how many neighbours margins explain.
"""
