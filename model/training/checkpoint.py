"""A training that can be interrupted: everything that going on with it needs, after each epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadInput
from spinspike.hdf5 import Reader, reading, write
from spinspike.model.network.network_file import network_arrays, read_json, read_network

from .training import Epoch, Training

PREFIXES = {"network": "", "latest": "latest_"}


def save_checkpoint(path: Path | str, training: Training, settings: Mapping[str, Any]) -> None:
    """Write a training in progress, in place of the one before.

    Parameters
    ----------
    settings : mapping
        What the training was started with, as JSON takes it; `load_checkpoint` holds it against
        that of the one who wants to go on.
    """
    arrays = network_arrays(training.network)
    if training.latest is not training.network:
        arrays |= network_arrays(training.latest, PREFIXES["latest"])
    attributes = {
        "gain": training.network.gain,
        "history": json.dumps([asdict(row) for row in training.history]),
        "generator": json.dumps(training.generator),
        "settings": json.dumps(settings, sort_keys=True),
    }
    write(path, "checkpoint", arrays, attributes, force=True)


def load_checkpoint(path: Path | str, settings: Mapping[str, Any]) -> Training:
    """Read a training to go on with.

    Raises
    ------
    BadFile
        It is missing or corrupt.
    BadInput
        It was started with other settings; the first that differs is named.
    """
    with reading(path, "checkpoint") as file:
        found = read_json(file, "settings", dict)
        wanted = json.loads(json.dumps(settings))
        for name in sorted({*found, *wanted}):
            if found.get(name) != wanted.get(name):
                message = (
                    f"{path} was started with {name} {found.get(name)!r}, not "
                    f"{wanted.get(name)!r}; go on with the same, or start anew without --resume"
                )
                raise BadInput(message)
        network = read_network(file)
        latest = network
        if f"{PREFIXES['latest']}centre" in file:
            latest = read_network(file, PREFIXES["latest"])
        return Training(
            network=network,
            latest=latest,
            history=tuple(_epoch(file, row) for row in read_json(file, "history", list)),
            generator=_generator(file),
        )


def _epoch(file: Reader, row: Any) -> Epoch:
    names = [field.name for field in fields(Epoch)]
    if not isinstance(row, dict) or sorted(row) != sorted(names):
        file.fail(f"history has {row!r}; allowed: an object with {', '.join(names)}")
    if not all(isinstance(value, int | float) for value in row.values()):
        file.fail(f"history has {row!r}; allowed: numbers")
    return Epoch(**row)


def _generator(file: Reader) -> dict[str, Any]:
    """State of NumPy's PCG64, checked by giving it to one."""
    state = read_json(file, "generator", dict)
    try:
        check: Any = np.random.PCG64()
        check.state = state
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        file.fail(f"generator is {state!r}, no state of PCG64: {error}")
    return dict(state)
