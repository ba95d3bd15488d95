"""The network artefact: parameters, provenance and the fixed points that were learned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .fixed_points import FixedPoints
from .network import Network
from .storage import Reader, reading, write

NETWORK_ARRAYS = ("coupling", "input_weight", "supervisory", "readout", "centre")


@dataclass(frozen=True)
class NetworkFile:
    """What a network file holds."""

    network: Network
    fixed_points: Mapping[str, FixedPoints]  # "learned" and "free"
    provenance: Mapping[str, Any]  # data set, hyper-parameters, seed, accuracies


def save(path: Path | str, content: NetworkFile, *, force: bool = False) -> None:
    """Write a network file, whole or not at all."""
    network = content.network
    arrays = {name: getattr(network, name) for name in NETWORK_ARRAYS}
    arrays["input_range"] = np.array(network.input_range)
    arrays |= fixed_point_arrays(content.fixed_points)
    attributes = {"gain": network.gain, "provenance": json.dumps(dict(content.provenance))}
    write(path, "network", arrays, attributes, force=force)


def load(path: Path | str) -> NetworkFile:
    """Read a network file, checking every array.

    Raises
    ------
    BadFile
        The file is missing, corrupt or not a network.
    """
    with reading(path, "network") as file:
        coupling = file.array("coupling", "float", (None, None))
        units = coupling.shape[0]
        readout = file.array("readout", "float", (None, units))
        input_weight = file.array("input_weight", "float", (units, None))
        if coupling.shape[1] != units or units < 1 or readout.shape[0] < 2:
            file.fail(f"coupling has shape {coupling.shape}, readout {readout.shape}")
        network = Network(
            coupling=coupling,
            input_weight=input_weight,
            supervisory=file.array("supervisory", "float", (units, readout.shape[0])),
            readout=readout,
            centre=file.array("centre", "float", (input_weight.shape[1],)),
            gain=read_gain(file),
            input_range=read_range(file),
        )
        points = read_fixed_points(file, units, input_weight.shape[1], readout.shape[0])
        return NetworkFile(network, points, read_provenance(file))


def fixed_point_arrays(points: Mapping[str, FixedPoints]) -> dict[str, NDArray[Any]]:
    """Arrays under the names that `read_fixed_points` reads."""
    return {
        f"{run}_{part}": getattr(found, part)
        for run, found in points.items()
        for part in ("inputs", "labels", "states")
    }


def read_fixed_points(
    file: Reader, units: int, inputs: int, classes: int
) -> dict[str, FixedPoints]:
    """Fixed points of both runs, those that the file has."""
    points = {}
    for run in ("learned", "free"):
        if f"{run}_states" not in file:
            continue
        states = file.array(f"{run}_states", "spin", (None, units))
        labels = file.array(f"{run}_labels", "int", (len(states),))
        if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
            file.fail(f"{run}_labels has {labels.max()}; allowed: 0 to {classes - 1}")
        points[run] = FixedPoints(
            file.array(f"{run}_inputs", "float", (len(states), inputs)), labels, states
        )
    return points


def read_provenance(file: Reader) -> dict[str, Any]:
    """The provenance, a JSON object in an attribute."""
    try:
        value = json.loads(file.text("provenance"))
    except (ValueError, RecursionError) as error:
        file.fail(f"provenance is not JSON: {error}")
    if not isinstance(value, dict):
        file.fail(f"provenance is {value!r}; allowed: a JSON object")
    return dict(value)


def read_gain(file: Reader) -> float:
    """The factor of a centred input."""
    gain = file.number("gain")
    if gain <= 0:
        file.fail(f"gain is {gain}; allowed: above 0")
    return gain


def read_range(file: Reader) -> tuple[float, float]:
    """Smallest and largest allowed input."""
    low, high = file.array("input_range", "float", (2,)).tolist()
    if low >= high:
        file.fail(f"input_range is {low} to {high}; allowed: an increasing pair")
    return low, high
