"""The network artefact: parameters, provenance and the fixed points that were learned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.arrays import SparseMatrix
from spinspike.hdf5 import Reader, reading, write
from spinspike.one_line import OneLine

from .fixed_points import FixedPoints
from .network import Network

Kind = TypeVar("Kind", dict[str, Any], list[Any])

SPARSE = ("coupling", "link", "input_weight")
JSON_NAMES: dict[type, str] = {dict: "object", list: "array"}
DENSE = ("self_coupling", "bias", "supervisory", "readout", "centre")


@dataclass(frozen=True, repr=False)
class NetworkFile(OneLine):
    """What a network file holds."""

    network: Network
    fixed_points: Mapping[str, FixedPoints]  # "learned" and "free"
    provenance: Mapping[str, Any]  # data set, hyper-parameters, seed, accuracies

    def summary(self) -> str:
        """Network, fixed points, where from."""
        return (
            f"{self.network.summary()}; "
            + (", ".join(f"{len(p)} {name}" for name, p in self.fixed_points.items()) or "no")
            + f" states, from {self.provenance.get('data', 'elsewhere')}"
        )


def save(path: Path | str, content: NetworkFile, *, force: bool = False) -> None:
    """Write a network file, whole or not at all.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    content : NetworkFile
    force : bool
        Replace a file that exists.
    """
    arrays = network_arrays(content.network) | fixed_point_arrays(content.fixed_points)
    attributes = {"gain": content.network.gain, "provenance": json.dumps(dict(content.provenance))}
    write(path, "network", arrays, attributes, force=force)


def load(path: Path | str) -> NetworkFile:
    """Read a network file, checking every array.

    Parameters
    ----------
    path : path
        A network file.

    Raises
    ------
    BadFile
        The file is missing, corrupt or not a network.
    """
    with reading(path, "network") as file:
        network = read_network(file)
        points = read_fixed_points(file, network.units, network.inputs, network.classes)
        return NetworkFile(network, points, read_provenance(file))


def network_arrays(network: Network, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Arrays under the names that `read_network` reads, all but the gain."""
    arrays = {f"{prefix}{name}": getattr(network, name) for name in DENSE}
    for name in SPARSE:
        arrays |= sparse_arrays(f"{prefix}{name}", getattr(network, name))
    arrays[f"{prefix}input_range"] = np.array(network.input_range)
    arrays[f"{prefix}modules"] = np.array(network.modules)
    return arrays


def read_network(file: Reader, prefix: str = "") -> Network:
    """The network whose arrays have names with this prefix."""
    self_coupling = file.array(f"{prefix}self_coupling", "float", (None,))
    centre = file.array(f"{prefix}centre", "float", (None,))
    units, inputs = len(self_coupling), len(centre)
    readout = file.array(f"{prefix}readout", "float", (None, units))
    if units < 1 or len(readout) == 1:
        file.fail(
            f"has {units} units, {len(readout)} classes; allowed: 1 unit or more, 0 classes or 2 "
            "or more"
        )
    modules = file.array(f"{prefix}modules", "int", (None,))
    if modules.sum() != units or modules.min(initial=1) < 1:
        file.fail(f"{prefix}modules are {modules.tolist()}; allowed: sizes that add up to {units}")
    return Network(
        coupling=read_sparse(file, f"{prefix}coupling", (units, units)),
        self_coupling=self_coupling,
        link=read_sparse(file, f"{prefix}link", (units, units)),
        input_weight=read_sparse(file, f"{prefix}input_weight", (units, inputs)),
        bias=file.array(f"{prefix}bias", "float", (units,)),
        supervisory=file.array(f"{prefix}supervisory", "float", (units, len(readout))),
        readout=readout,
        centre=centre,
        gain=read_gain(file),
        input_range=read_range(file, prefix),
        modules=tuple(modules.tolist()),
    )


def sparse_arrays(name: str, matrix: SparseMatrix) -> dict[str, NDArray[Any]]:
    """Arrays under the names that `read_sparse` reads."""
    return {
        f"{name}_indptr": matrix.indptr,
        f"{name}_indices": matrix.indices,
        f"{name}_weight": matrix.data,
    }


def read_sparse(file: Reader, name: str, shape: tuple[int, int]) -> SparseMatrix:
    """A CSR matrix, held to what CSR promises; couplings and links without a diagonal."""
    rows, columns = shape
    indptr = file.array(f"{name}_indptr", "int", (rows + 1,))
    if indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any():  # a difference could wrap around
        file.fail(f"{name}_indptr starts at {indptr[0]} or falls; allowed: from 0, never falling")
    indices = file.array(f"{name}_indices", "int", (int(indptr[-1]),))
    weight = file.array(f"{name}_weight", "float", (int(indptr[-1]),))
    if len(indices) and not (indices.min() >= 0 and indices.max() < columns):
        file.fail(
            f"{name}_indices has {indices.min()} to {indices.max()}; allowed: 0 to {columns - 1}"
        )
    row = np.repeat(np.arange(rows), np.diff(indptr))
    if (np.diff(row * columns + indices) <= 0).any():
        file.fail(f"{name}_indices are not in rising order within a row")
    if not name.endswith("input_weight") and (row == indices).any():
        file.fail(f"{name} has an entry on its diagonal; allowed: self_coupling alone")
    return csr_array((weight, indices, indptr), shape=shape)


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
        largest = max(classes - 1, 0)  # without classes every label is 0
        if len(labels) and not (labels.min() >= 0 and labels.max() <= largest):
            file.fail(f"{run}_labels has {labels.max()}; allowed: 0 to {largest}")
        points[run] = FixedPoints(
            file.array(f"{run}_inputs", "input", (len(states), inputs)), labels, states
        )
    return points


def read_provenance(file: Reader) -> dict[str, Any]:
    """The provenance, a JSON object in an attribute."""
    return dict(read_json(file, "provenance", dict))


def read_json(file: Reader, name: str, kind: type[Kind]) -> Kind:
    """A JSON object (dict) or array (list) in an attribute."""
    try:
        value = json.loads(file.text(name))
    except (ValueError, RecursionError) as error:
        file.fail(f"{name} is not JSON: {error}")
    if not isinstance(value, kind):
        file.fail(f"{name} is {value!r}; allowed: a JSON {JSON_NAMES[kind]}")
    return value


def read_gain(file: Reader) -> float:
    """The factor of a centred input."""
    gain = file.number("gain")
    if gain <= 0:
        file.fail(f"gain is {gain}; allowed: above 0")
    return gain


def read_range(file: Reader, prefix: str = "") -> tuple[float, float]:
    """Smallest and largest allowed input."""
    low, high = file.array(f"{prefix}input_range", "float", (2,)).tolist()
    if low >= high:
        file.fail(f"input_range is {low} to {high}; allowed: an increasing pair")
    return low, high
