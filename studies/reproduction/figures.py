"""The figure of a group of ablations: measured beside published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spinspike.model.training.ablation import GROUPS, READING
from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (UP, DOWN, SIGNAL, PALE)


@dataclass(frozen=True)
class Row:
    """One point of a figure: what was measured, beside what was published."""

    group: str
    series: str
    at: float
    units: int
    count: int  # seeds, or networks
    measured: float
    error: float | None  # standard error of the mean over seeds, or over networks
    published: float | None  # or expected, for counts

    @property
    def difference(self) -> float | None:
        """Measured minus published."""
        return None if self.published is None else self.measured - self.published


@styled
def figure(rows: Sequence[Row]) -> Figure:
    """All rows of one group: lines measured, open circles published, bars the errors of both."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(6.4, 3.4))
    axis = made.subplots()
    group = GROUPS.get(rows[0].group)
    for number, series in enumerate(dict.fromkeys(row.series for row in rows)):
        line = sorted((row for row in rows if row.series == series), key=lambda row: row.at)
        colour = COLOURS[number]
        at, measured = [row.at for row in line], [row.measured for row in line]
        errors = [row.error or 0.0 for row in line]
        axis.errorbar(at, measured, errors, color=colour, marker="o", markersize=4, label=series)
        known = [row for row in line if row.published is not None]
        if known:
            axis.errorbar(
                [row.at for row in known],
                [row.published or 0.0 for row in known],
                READING if group else None,
                color=colour,
                marker="o",
                markerfacecolor="none",
                markersize=8,
                linestyle=":",
                linewidth=1,
            )
    reference = "published" if group else "closed form"
    axis.plot([], [], ":o", color=INK, markerfacecolor="none", markersize=8, label=reference)
    if group is None:
        axis.set_yscale("log")
    elif rows[0].group in ("couplings", "sweeps"):
        axis.set_xscale("log")
        axis.set_xticks([], minor=True)
    places = sorted({row.at for row in rows})
    axis.set_xticks(places, [f"{at:g}" for at in places])
    axis.set(
        title=f"{group.title}: test accuracy" if group else "Mean number of fixed points",
        xlabel=group.axis if group else "J_D",
    )
    axis.legend()
    return made
