"""The figure of certificates: how many fixed points withstand how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.mapping.certificates.robustness import Robustness
from spinspike.studies.page.style import DOWN, SIGNAL, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = {
    "margin": "Smallest integer margin",
    "single": "Flips corrected, fraction",
    "double": "Pairs corrected, fraction",
    "radius": "Worst-case radius, flips",
    "noise": "Any relative error of weights",
    "gaussian": "Random error, 1 % risk",
    "lost": "Lost synapses",
    "dead": "Dead neurons, fraction",
    "scale_high": "Largest common scale",
}


@styled
def figure(found: Mapping[str, Robustness]) -> Figure:
    """A histogram of each bound over the fixed points of each run."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(9.0, 7.0))
    axes = drawn.subplots(3, 3)
    for axis, (name, title) in zip(axes.ravel(), PANELS.items(), strict=True):
        values = {run: np.asarray(getattr(r, name), dtype=float) for run, r in found.items()}
        values = {run: v[np.isfinite(v)] for run, v in values.items()}
        everything = np.concatenate(list(values.values()))
        bins = _bins(everything, whole=name in ("radius", "lost"))
        for (run, v), colour in zip(values.items(), (UP, DOWN, SIGNAL), strict=False):
            axis.hist(np.minimum(v, bins[-1]), bins=bins, color=colour, alpha=0.6, label=run)
        axis.set(title=title)
        axis.xaxis.get_major_locator().set_params(integer=name in ("margin", "radius", "lost"))
    for axis in axes[:, 0]:
        axis.set(ylabel="fixed points")
    axes[0, 0].legend()
    return drawn


def _bins(values: FloatArray, *, whole: bool) -> FloatArray:
    """Edges of the bars: one bar for each whole number, or thirty over the range of the values."""
    if not values.size:
        return np.array([0.0, 1.0])
    if whole:
        return np.asarray(np.arange(min(float(values.max()), 30) + 2) - 0.5)
    return np.asarray(np.linspace(values.min(), max(values.max(), values.min() + 1e-3), 31))
