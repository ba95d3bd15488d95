"""The integrator artefact: a linear network, the filter it learned, and how it came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinspike.errors import BadInput
from spinspike.hdf5 import reading, write
from spinspike.model.network.network_file import read_provenance

from .linear_network import Filter, LinearNetwork


@dataclass(frozen=True)
class IntegratorFile:
    """What an integrator file holds."""

    network: LinearNetwork
    target: Filter
    provenance: Mapping[str, Any]  # regime, seed, steps, loss


def save_integrator(path: Path | str, content: IntegratorFile, *, force: bool = False) -> None:
    """Write an integrator file, whole or not at all.

    Raises
    ------
    BadInput
        The file exists and ``force`` is not set, or cannot be written.
    """
    network, target = content.network, content.target
    arrays = {
        "coupling": network.coupling,
        "input_weight": network.input_weight,
        "readout": network.readout,
    }
    attributes = {
        "rate": target.rate,
        "frequency": target.frequency,
        "provenance": json.dumps(dict(content.provenance)),
    }
    write(path, "integrator", arrays, attributes, force=force)


def load_integrator(path: Path | str) -> IntegratorFile:
    """Read an integrator file, checking every array.

    Raises
    ------
    BadFile
        The file is missing, corrupt or not an integrator.
    """
    with reading(path, "integrator") as file:
        readout = file.array("readout", "float", (None,))
        units = len(readout)
        coupling = file.array("coupling", "float", (units, units))
        input_weight = file.array("input_weight", "float", (units,))
        try:
            target = Filter(file.number("rate"), file.number("frequency"))
            network = LinearNetwork(coupling, input_weight, readout)
        except BadInput as error:
            file.fail(str(error))
        return IntegratorFile(network, target, read_provenance(file))
