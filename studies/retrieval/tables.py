"""Recall as tables for the terminal."""

from __future__ import annotations

from rich.table import Table

from spinspike.simulators.retrieval.curve import levels
from spinspike.studies.page.terminal import percent, table

from .run import Retrieval

UNITS = {"step": "steps", "asynchronous": "sweeps", "continuous": "ms"}


def recall_tables(found: Retrieval) -> list[Table]:
    """One table for each simulator: a row for each fraction, nulls and reference beside it.

    Parameters
    ----------
    found : Retrieval
        What was run.
    """
    made = []
    for run in found.runs:
        own, others = run[0], run[1:]
        beside = [levels(one) for one in others]
        rows = [
            [
                percent(level.fraction),
                f"{percent(level.recalled)} ({_ends(level.interval)})",
                f"{level.overlap:.3f}",
                "" if level.time is None else f"{level.time:g}",
                *(percent(curve[k].recalled) for curve in beside),
            ]
            for k, level in enumerate(levels(own))
        ]
        first = levels(own)[0]
        title = (
            f"{own.simulator}: recalled exactly, by units damaged ({own.damage}); "
            f"{first.memories} memories, {first.cues} cues at each level"
        )
        if own.unlike_emulator is not None:
            title += f"; {own.unlike_emulator} spikes unlike the emulator's"
        columns = ("damaged", "recalled (95 %)", "overlap", UNITS[own.regime])
        made.append(table(title, *columns, *(one.null for one in others), rows=rows))
    return made


def _ends(interval: tuple[float, float]) -> str:
    return f"{100 * interval[0]:.0f}-{100 * interval[1]:.0f}"
