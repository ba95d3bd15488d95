"""Plots of a network before it is mapped: its couplings, its weights, what its units see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinspike.model import FixedPoints, Network

from . import plot
from .style import INK, PALE, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXACT = 2000  # units up to which every pair has a pixel of its own


@styled
def couplings(network: Network) -> Figure:
    """Coupling from every unit (column) to every unit (row); links and J_D among them.

    Of networks with more than 2000 units the first 2000 are shown.
    """
    from matplotlib.figure import Figure

    shown = slice(0, EXACT)
    matrix = (
        network.coupling.tocsr()[shown, shown].toarray()
        + network.link.tocsr()[shown, shown].toarray()
    )
    matrix[np.diag_indices_from(matrix)] += network.self_coupling[shown]
    figure = Figure(figsize=(6.4, 5.6))
    axis = figure.subplots()
    most = float(np.quantile(np.abs(matrix[matrix != 0]), 0.99)) if matrix.any() else 1.0
    picture = axis.imshow(matrix, cmap="RdBu", vmin=-most, vmax=most, interpolation="nearest")
    figure.colorbar(picture, label="coupling", extend="both")
    for border in np.cumsum(network.modules)[:-1]:
        axis.axhline(border - 0.5, color=PALE, linewidth=0.8)
        axis.axvline(border - 0.5, color=PALE, linewidth=0.8)
    first = f", the first {EXACT:,} of {network.units:,} units" if network.units > EXACT else ""
    axis.set(xlabel="from unit", ylabel="to unit", title=f"Couplings J, J_D and links{first}")
    return figure


@styled
def landscape(points: FixedPoints) -> Figure:
    """The plane in which the fixed points differ most."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.2))
    plot.landscape(points, ax=figure.subplots()).set_title(f"{len(points):,} fixed points")
    return figure


@styled
def weights(network: Network) -> Figure:
    """Histograms of all that is learned or drawn: J, Win, biases, label signal, readout."""
    from matplotlib.figure import Figure

    parts = {
        "couplings J": network.coupling.data,
        "self-couplings J_D": network.self_coupling,
        "input weights": network.input_weight.data,
        "biases": network.bias,
        "supervisory weights": network.supervisory.ravel(),
        "readout": network.readout.ravel(),
    }
    figure = Figure(figsize=(8.4, 4.2))
    for axis, (name, values) in zip(figure.subplots(2, 3).ravel(), parts.items(), strict=True):
        own = np.asarray(values, dtype=np.float64)
        axis.set_title(f"{name}\n{own.size:,}", fontsize=9, fontweight="normal")
        if own.size and np.ptp(own):
            axis.hist(own, bins=50, color=UP)
        elif own.size:
            axis.text(0.5, 0.5, f"all {own[0]:g}", transform=axis.transAxes, ha="center")
        axis.axvline(0, color=INK, linewidth=0.6)
        axis.set_yticks([])
    return figure
