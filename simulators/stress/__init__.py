"""Runs made hard.

- `experiment` — a run under stress; `kinds` — of which kinds; `damage` — damaged graphs;
- `bounds` — what is certain to survive; `curve`, `campaign` — how much does.
"""
