"""The figure of theory's clusters: how dense fixed points may lie, by first moments over replicas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spinspike.model.landscape.theory.replicas import densest
from spinspike.studies.page.style import INK, styled

from .sweep_figures import colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OVERLAPS = np.append(np.linspace(0.1, 0.9, 9), (0.94, 0.97, 0.98))
LEVELS = 5  # self-couplings drawn
STRONGEST = 10.0  # self-coupling that frees every spin


@styled
def clusters(self_couplings: Sequence[float]) -> Figure:
    """Internal entropy of the densest clusters that are expected, beside that of free spins."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.8, 3.1))
    axis = figure.subplots()
    picked = np.linspace(0, len(self_couplings) - 1, min(LEVELS, len(self_couplings)))
    levels = [sorted(self_couplings)[round(k)] for k in picked.tolist()]
    for level, colour in zip(levels, colours(len(levels)), strict=True):
        axis.plot(
            OVERLAPS, _entropies(level), color=colour, linewidth=1.3, label=f"$J_D$ {level:g}"
        )
    axis.plot(OVERLAPS, _entropies(STRONGEST), ":", color=INK, label="free spins")
    axis.axhline(0, color=INK, linewidth=0.6)
    axis.set(
        title="Densest clusters that theory allows", xlabel="mutual overlap q",
        ylabel="internal entropy per unit",
    )  # fmt: skip
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _entropies(level: float) -> list[float]:
    return [densest(q, level).internal_entropy for q in OVERLAPS.tolist()]
