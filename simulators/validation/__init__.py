"""Whether a graph holds what it learned, and its nulls fail.

- `protocol` — the runs and their nulls; `tasks` — in blocks; `estimate`, `memory` — what they take;
- `outcome`, `outcome_file` — what a run showed; `examples` — a held and a lost pattern, alone;
- `claims` — what holds or fails; `agreement` — who disagrees with whom.
"""
