"""What a graph holds for certain.

- `margins` — which fixed points, by integer margins; `robustness` — what they withstand: `flips`,
  `tolerance`, `recovery`; `rows` — the worst cases of a matrix;
- `attack` — how tight that is; `bit_width` — the fewest bits that still hold.
"""
