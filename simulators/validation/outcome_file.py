"""Outcomes as arrays of numbers, to be kept on disk or sent between machines.

What a task knows beforehand (simulator, run, null, fixed points) is not repeated in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators.base import Regime

from .outcome import BY_PATTERN, Outcome

Arrays = dict[str, NDArray[Any]]
NUMBERS = ("release", "since", "delay")
COMPARED = (False, True, None)  # like_emulator, by its number in the file


def to_arrays(outcome: Outcome) -> Arrays:
    """Everything a run showed; the final states take one bit for each unit."""
    found: Arrays = {name: getattr(outcome, name) for name in BY_PATTERN}
    found |= {name: np.array(getattr(outcome, name)) for name in NUMBERS}
    found |= {"times": outcome.times, "supervisory": outcome.supervisory}
    found["final"] = np.packbits(outcome.final > 0, axis=1)
    found["saw_label"] = np.array(outcome.saw_label)
    found["like_emulator"] = np.array(COMPARED.index(outcome.like_emulator))
    if outcome.raster is not None:
        found["spike_times"], found["spike_neurons"] = outcome.raster
    return found


def from_arrays(
    arrays: Mapping[str, NDArray[Any]],
    points: FixedPoints,
    *,
    simulator: str,
    regime: Regime,
    run: str,
    null: str,
) -> Outcome:
    """The outcome whose arrays these are, of a task about the given fixed points."""
    raster = None
    if "spike_times" in arrays:
        raster = (arrays["spike_times"], arrays["spike_neurons"])
    bits = np.unpackbits(arrays["final"], axis=1, count=points.states.shape[1])
    return Outcome(
        simulator=simulator,
        regime=regime,
        run=run,
        null=null,
        points=points,
        saw_label=bool(arrays["saw_label"]),
        times=arrays["times"],
        supervisory=arrays["supervisory"],
        release=float(arrays["release"]),
        since=float(arrays["since"]),
        delay=int(arrays["delay"]),
        final=np.where(bits, 1, -1).astype(np.int8),
        like_emulator=COMPARED[int(arrays["like_emulator"])],
        raster=raster,
        **{name: arrays[name] for name in BY_PATTERN},
    )
