"""Plots of a graph itself: who is connected to whom, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.mapping import Population, SynapseGraph, population_view
from spinspike.mapping.graph.graph import INNER
from spinspike.mapping.pictures.networkx_view import density
from spinspike.mapping.pictures.svg import EXCITES, INHIBITS
from spinspike.studies.page.style import INK, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXACT = 2000  # threshold neurons up to which every pair has a pixel of its own
RANGES = 600  # of neurons in all beyond that
LEAST = 0.08  # share of the picture that the smallest population gets, or its name has no room
FEWEST = 40  # ranges of a small population, if it has so many neurons
LETTER = 0.014  # width of a letter, of that of the picture
PANELS = 60  # histograms that are shown at most
Places = Mapping[str, tuple[float, float]]  # where each population begins and ends


@styled
def adjacency(graph: SynapseGraph) -> Figure:
    """Synapses from every neuron (column) to every neuron (row), blue if they excite, else red.

    Of graphs with more than 2000 threshold neurons ranges of neurons are shown, the darker the
    more of their pairs are connected.
    """
    from matplotlib.figure import Figure

    senders = [p for p in graph.populations if p.neuron != "readout"]
    receivers = [p for p in graph.populations if p.neuron in (*INNER, "readout")]
    across, down = _places(senders, graph.neurons), _places(receivers, graph.neurons)
    width, height = (max(end for _, end in places.values()) for places in (across, down))
    exact = graph.neurons <= EXACT
    inches = 5.6 * height / width + 1.3
    figure = Figure(figsize=(7.0, inches), dpi=max(130, width / 5.6) if exact else 130)
    axis = figure.subplots()
    blocks = _blocks(graph)
    darkest = 1.0 if exact else max(block.max() for block in blocks.values())
    for source in senders:
        for target in receivers:
            parts = (blocks.get((source.name, target.name, sign)) for sign in (1, -1))
            shades = [None if b is None else np.sqrt(np.minimum(b / darkest, 1)) for b in parts]
            _block(axis, shades, across[source.name], down[target.name])
    axis.set(xlabel="from", ylabel="to", xlim=(0, width), ylim=(height, 0), aspect="equal")
    _borders(axis, across, down)
    what = "a dot is a synapse" if exact else f"darkest: {100 * darkest:.3g} % of the pairs"
    axis.set_title(f"Synapses: blue excite, red inhibit; {what}", pad=10)
    return figure


@styled
def weights(graph: SynapseGraph) -> Figure:
    """Histograms of the weights of all projections; twins, which receive the same, share one."""
    from matplotlib.figure import Figure

    twins: dict[str, tuple[str, list[str], dict[str, Any]]] = {}
    for source, target, data in population_view(graph).edges(data=True):
        twins.setdefault(f"{source} {data}", (source, [], data))[1].append(target)
    shown = list(twins.values())[:PANELS]
    columns = 3
    rows = -(-max(1, len(shown)) // columns)
    figure = Figure(figsize=(8.4, 0.4 + 1.5 * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(shown) :]:
        axis.axis("off")
    for axis, (source, targets, data) in zip(axes, shown, strict=False):
        _histogram(axis, data, 2**graph.weight_bits)
        title = f"{data['role']} from {source} to {', '.join(targets)}"
        counts = f"{data['synapses']:,} synapses, mean {data['mean']:+.4g}"
        axis.set_title(f"{title}\n{counts}", fontsize=8, fontweight="normal")
    rest = f", the first {PANELS} of {len(twins)}" if len(twins) > PANELS else ""
    title = f"Synapses by absolute integer weight{rest}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
    return figure


def _histogram(axis: Axes, data: Mapping[str, Any], mantissas: int) -> None:
    """Bars of one projection, in its colour."""
    end = mantissas * 2 ** data["exponent"]
    width = end / len(data["histogram"])
    colour = EXCITES if data["sign"] > 0 else INHIBITS
    at = width * np.arange(len(data["histogram"]))
    axis.bar(at, data["histogram"], width, align="edge", color=colour, edgecolor="white")
    axis.set_xlim(0, end)
    axis.locator_params(nbins=4)
    axis.tick_params(labelsize=7)


def _places(populations: Sequence[Population], neurons: int) -> Places:
    """One after the other, each as long as its size, but no shorter than its name needs."""
    lengths = [max(p.size, LEAST * neurons) for p in populations]
    ends = np.cumsum(lengths)
    names = (p.name for p in populations)
    return {n: (e - s, e) for n, s, e in zip(names, lengths, ends.tolist(), strict=True)}


def _blocks(graph: SynapseGraph) -> dict[tuple[str, str, int], FloatArray]:
    """Density of the synapses of one sign between two populations."""
    sizes = graph.sizes
    found: dict[tuple[str, str, int], FloatArray] = {}
    bins = {
        name: size
        if graph.neurons <= EXACT
        else min(size, max(FEWEST, size * RANGES // graph.neurons))
        for name, size in sizes.items()
    }
    for p in graph.projections:
        key = p.source, p.target, p.sign
        own = density(p, sizes[p.source], rows=bins[p.target], columns=bins[p.source])
        found[key] = found[key] + own if key in found else own
    return found


def _block(
    axis: Axes, shades: Sequence[FloatArray | None], x: tuple[float, float], y: tuple[float, float]
) -> None:
    """Darken white paper by what excites and by what inhibits."""
    from matplotlib.colors import to_rgb

    inks = (1 - np.array(to_rgb(colour)) for colour in (EXCITES, INHIBITS))
    dark = [s[:, :, None] * ink for s, ink in zip(shades, inks, strict=True) if s is not None]
    if dark:
        picture = np.clip(1 - sum(dark), 0, 1)
        axis.imshow(picture, extent=(*x, *y[::-1]), interpolation="nearest")


def _borders(axis: Axes, across: Places, down: Places) -> None:
    """Lines between the populations, and their names at the edges."""
    for places, line in ((across, axis.axvline), (down, axis.axhline)):
        for _, end in places.values():
            line(end, color=INK, linewidth=0.8)
    names = axis.set_xticks([sum(ends) / 2 for ends in across.values()], list(across))
    for name, (start, end) in zip(names, across.values(), strict=True):
        if len(name.label2.get_text()) * LETTER > (end - start) / axis.get_xlim()[1]:
            name.label2.set(rotation=40, ha="left", rotation_mode="anchor")
    axis.set_yticks([sum(ends) / 2 for ends in down.values()], list(down))
    axis.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axis.spines[:].set(visible=True, color=INK)
