"""Recall: a damaged memory is forced for a moment, then the network is left alone.

- `cues` — how memories are damaged; `fast` — the emulator's arithmetic, unit by unit;
- `experiment` — runs on simulators, on nulls and on the reference; `curve` — fractions by damage,
  with intervals over distinct memories; `claims` — the verdict.
"""
