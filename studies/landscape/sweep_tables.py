"""Numbers of a sweep over random networks as cells and tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, product
from typing import TYPE_CHECKING

import numpy as np

from spinspike.model.landscape.studies.sweep import Row
from spinspike.model.landscape.studies.threshold import Scaling, Threshold
from spinspike.studies.page.terminal import table

from .sweep import SYMBOLS, SweepFindings

if TYPE_CHECKING:
    from rich.table import Table


def with_error(value: float, error: float, places: int = 3) -> str:
    """A number and its standard error, or a dash.

    Examples
    --------
    >>> with_error(0.5, 0.01), with_error(3.2, float("nan"), 1), with_error(float("nan"), 0.0)
    ('0.500 ± 0.010', '3.2', '-')
    """
    if not np.isfinite(value):
        return "-"
    return f"{value:.{places}f}" + (f" ± {error:.{places}f}" if np.isfinite(error) else "")


def grouped(cells: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows below the name that their first cells begin with.

    Examples
    --------
    >>> grouped([["a: no input", "1"], ["a: test images", "2"]])
    [['a', ''], ['no input', '1'], ['test images', '2']]
    """
    found = []
    for name, rows in groupby(cells, key=lambda row: row[0].partition(": ")[0]):
        own = [list(row) for row in rows]
        found.append([name, *[""] * (len(own[0]) - 1)])
        found += [[row[0].partition(": ")[2], *row[1:]] for row in own]
    return found


def row_cells(r: Row) -> list[str]:
    """One row of the table of convergence, as printed."""
    return [
        f"H {r.units}{' x 2' if r.modules == 2 else ''}, {r.order}",
        f"{r.self_coupling:g}",
        f"{r.link:g}",
        f"{r.converged:.2f} ({r.low:.2f}-{r.high:.2f})",
        f"{r.cycles:.2f}",
        with_error(r.sweeps, r.sweeps_error, 1),
        with_error(r.start_overlap, r.start_overlap_error),
        with_error(r.pair_overlap, r.pair_overlap_error),
        f"{r.complexity:.3f}",
    ]


ROW_COLUMNS = (
    "networks", "J_D", "λ", "converged (95 %)", "cycles", "sweeps", "overlap with start",
    "rms overlap of pairs", "Σ theory",
)  # fmt: skip


def edge_columns(found: SweepFindings) -> list[str]:
    """Columns of the table of thresholds: sizes, and what they grow to."""
    return ["dynamics", *(f"H {units}" for units in found.sweep.units), "H → ∞"]


def edge_cells(found: SweepFindings) -> list[list[str]]:
    """Thresholds, a row for each line of the sweep."""
    other = SYMBOLS[found.along][1]
    cells = []
    for order, beside in product(found.sweep.orders, found.beside):
        edges = (found.edge(units, order, beside) for units in found.sweep.units)
        laws = [v.scaling for v in found.laws if (v.order, v.beside) == (order, beside)]
        cells.append(
            [
                f"{order}, {other} {beside:g}",
                *(_edge_cell(edge) for edge in edges if edge is not None),
                _law_cell(laws[0]) if laws else "-",
            ]
        )
    return cells


def _edge_cell(edge: Threshold) -> str:
    """A level, or on which side of the levels it lies.

    Examples
    --------
    >>> _edge_cell(Threshold(0.5, 0.01, 0.48, 0.52, "")), _edge_cell(
    ...     Threshold(float("nan"), float("nan"), float("nan"), float("nan"), "it lies below 0.1"))
    ('0.500 ± 0.010', 'below 0.1')
    """
    if edge.found:
        return with_error(edge.level, edge.error)
    return edge.says.removeprefix("it lies ") if "levels" not in edge.says else "not sure"


def _law_cell(law: Scaling) -> str:
    if not law.found:
        return "not determined"
    return f"{with_error(law.limit, law.limit_error, 2)}, power {with_error(law.power, law.power_error, 2)}"


def sweep_tables(found: SweepFindings) -> list[Table]:
    """Thresholds for the terminal, or convergence where there is but one level."""
    if found.edges:
        name = SYMBOLS[found.along][0]
        title = f"{name} at which half of the runs converge within {found.sweep.limit} sweeps"
        brief = [
            [
                name,
                *(cell.partition(" ± ")[0] for cell in cells),
                last.partition(",")[0].replace("not determined", "-"),
            ]
            for name, *cells, last in edge_cells(found)
        ]
        return [table(title, *edge_columns(found), rows=brief)]
    short = [0, 1, 2, 3, 5, 6]
    columns = [ROW_COLUMNS[k] for k in short]
    rows = [[row_cells(r)[k] for k in short] for r in found.rows]
    return [table("Where dynamics converge", *columns, rows=rows)]
