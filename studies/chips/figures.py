"""A picture of a placement: how full every core is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinspike.mapping import Placement, Target
from spinspike.mapping.chips.core_usage import allowed_per_core
from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "neurons": UP,
    "readouts": "#8f7aa8",
    "synapse_bits": DOWN,
    "axons_in": SIGNAL,
    "axons_out": "#74a57f",
}
WORDS = {"synapse_bits": "synapse memory", "axons_in": "input axons", "axons_out": "output axons"}


@styled
def core_fill(placement: Placement, target: Target) -> Figure:
    """Share of every limited resource that each core is asked for; chips are parted by lines."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    limits = allowed_per_core(target)
    cores = np.arange(placement.cores)
    figure = Figure(figsize=(min(16.0, 5.0 + 0.14 * placement.cores), 3.2))
    axis = figure.subplots()
    width = 0.8 / max(1, len(limits))
    for number, (name, limit) in enumerate(limits.items()):
        share = 100 * getattr(placement.usage, name) / limit
        at = cores + (number - (len(limits) - 1) / 2) * width
        label = f"{WORDS.get(name, name)} (of {limit:,}{' bits' if 'bits' in name else ''})"
        axis.bar(at, share, width, color=COLOURS[name], label=label)
    for core in np.flatnonzero(np.diff(placement.chip)):
        axis.axvline(core + 0.5, color=PALE, linewidth=1)
    if limits:
        axis.axhline(100, color=INK, linewidth=1)
        figure.legend(loc="outside lower center", ncols=2)
    axis.set(
        title=f"{target.title}; cores: {placement.cores}, chips: {placement.chips}, "
        f"cut spikes: {placement.usage.cut_spikes:,}",
        xlabel="core",
        ylabel="% of what a core allows",
        xlim=(-0.6, placement.cores - 0.4),
    )
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
