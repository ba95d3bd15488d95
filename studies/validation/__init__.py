"""From data to a report.

- `run` — train, map, validate, each with progress; `campaign` — on several simulators, block by
  block, to go on after an interruption;
- `report` — the page, of `figures`, `graph_figures` and `tables`.
"""
