"""The figures of `integrate`: eigenvalues, how they got there, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

from .simulated_memory import place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spinspike.simulators.integrator.validation import IntegratorOutcome

    from .learning import Memory

MARKS = {"emulator": "o", "lava": "x", "brian2": "."}
COLOURS = {"emulator": PALE, "lava": SIGNAL, "brian2": UP}
STYLES = {"no couplings": ":", "permuted": "-."}
POINTS = 60  # of a simulator, at most, so that those below still show


@styled
def spectra(memory: Memory, rounded: Mapping[int, complex]) -> Figure:
    """Eigenvalues of W before and after learning, and where few bits put the outlier."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle

    from spinspike.model.integrator.linear_network import spectrum

    figure = Figure(figsize=(7.4, 3.4))
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    before, after = spectrum(memory.blank), spectrum(memory.network)
    wanted = complex(1 - memory.target.rate, memory.target.frequency)
    radius = np.linalg.norm(memory.blank.coupling) / np.sqrt(memory.blank.units)
    for axis, values, title in ((left, before, "Before learning"), (right, after, "After")):
        axis.axvline(1, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        axis.add_patch(Circle((0, 0), radius, fill=False, color=PALE, linewidth=0.8))
        axis.plot(values.real, values.imag, "o", color=DOWN, markersize=4, label="eigenvalues of W")
        axis.set(title=title, xlabel="real part", aspect="equal")
    ends = np.unique([wanted, wanted.conjugate()])
    right.plot(ends.real, ends.imag, "+", color=UP, markersize=13, label="the memory asked for")
    shown = rounded if memory.rich else {}
    for (bits, value), mark in zip(shown.items(), "sD^v", strict=False):
        right.plot(
            value.real, value.imag, mark, color=SIGNAL, markersize=6, fillstyle="none",
            label=f"farthest out at {bits} bits",
        )  # fmt: skip
    left.set_ylabel("imaginary part")
    reach = 1.15 * max(1.0, np.abs(before).max(), np.abs(after).max(), abs(wanted))
    left.set(xlim=(-reach, reach), ylim=(-reach, reach))
    right.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def learning(memory: Memory) -> Figure:
    """The loss over learning time, and, of rich networks, the outlier beside what theory says."""
    from matplotlib.figure import Figure

    parts: dict[str, tuple[Callable[[Any], Any], float]] = {
        "real": (np.real, 1 - memory.target.rate)
    }
    if memory.target.frequency:
        parts["imaginary"] = (np.imag, memory.target.frequency)
    if not memory.rich:
        parts.clear()
    figure = Figure(figsize=(9.6 if parts else 4.8, 3.0))
    axes = figure.subplots(1, 1 + len(parts), squeeze=False)[0]
    history = memory.history
    axes[0].semilogy(history.times, history.losses / memory.first_loss, color=UP)
    axes[0].set(title="Loss, in units of the first", xlabel="learning time")
    if memory.plateau is not None:
        axes[0].axvline(memory.plateau, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        axes[0].annotate(
            "plateau, by theory", (memory.plateau, 0.02), xycoords=("data", "axes fraction"),
            rotation=90, fontsize=7, ha="right",
        )  # fmt: skip
    for axis, (name, (part, wanted)) in zip(axes[1:], parts.items(), strict=True):
        _outlier(axis, memory, part, wanted)
        axis.set(title=f"Outlier, {name} part", xlabel="learning time")
    if parts:
        axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _outlier(axis: Axes, memory: Memory, part: Callable[[Any], Any], wanted: float) -> None:
    times = memory.history.times
    axis.axhline(wanted, color=PALE, linewidth=0.8, label="asked for")
    axis.plot(
        times, part(memory.history.outliers), color=UP, linewidth=3, alpha=0.5, label="network"
    )
    for (name, outliers), style in zip(memory.theory.items(), (":", "--"), strict=False):
        axis.plot(times, part(outliers), style, color=INK, linewidth=1.2, label=f"theory: {name}")


@styled
def responses(outcomes: Sequence[IntegratorOutcome], bits: int) -> Figure:
    """What is remembered after the release, in units of what the network remembers at it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.4, 3.4))
    axis = figure.subplots()
    axis.axhline(0, color=PALE, linewidth=0.6)
    own, *heard = outcomes
    scale = abs(own.readouts[own.times > own.release][0, 0]) or 1.0
    for o in (own, *(o for o in heard if o.bits == bits)):
        late = o.times > o.release
        times, output = (o.times - o.release)[late], o.readouts[late].mean(axis=1) / scale
        name, every = place(o), max(1, late.sum() // POINTS)
        if o is own:
            axis.plot(times, output, color=DOWN, linewidth=2, label=name)
            axis.set_xlim(0, times[-1])
        elif o.null:
            axis.plot(times, output, STYLES[o.null], color=COLOURS[o.simulator], label=name)
        else:
            axis.plot(
                times[::every], output[::every], MARKS[o.simulator],
                color=COLOURS[o.simulator], markersize=5, label=name,
            )  # fmt: skip
    axis.set(title="Output after the release", xlabel="time since the release, in leaks")
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
