"""An interrupted training goes on as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadFile, BadInput
from spinspike.hdf5 import write
from spinspike.model.data.dataset import Dataset
from spinspike.model.learning.devices import Device
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.network import Network
from spinspike.model.training.checkpoint import load_checkpoint, save_checkpoint
from spinspike.model.training.training import Training, train

SETTINGS = {"seed": 3, "schedule": {"epochs": 5}}
CHOICES: dict[str, Any] = {
    "architecture": Architecture(20, 12, 3, modules=2, link=0.5, sparsity=0.5),
    "rule": MarginRule(bias_rate=0.01, decay=1e-3),
    "schedule": Schedule(epochs=5, patience=3, sweeps=Sweeps(update_probability=0.8)),
    "seed": 3,
}


class Interrupted(Exception):
    """What stops a training in these tests."""


def arrays(network: Network) -> list[Any]:
    """Everything that learning changes."""
    return [network.coupling.data, network.input_weight.data, network.bias, network.readout]


def same(one: Network, other: Network) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(arrays(one), arrays(other), strict=True))


@pytest.mark.parametrize("device", [pytest.param("cpu", marks=pytest.mark.numba), "numpy"])
@pytest.mark.parametrize("epochs", [1, 3])
def test_weights_are_those_of_an_uninterrupted_training_bit_by_bit(
    clusters: Dataset, tmp_path: Path, device: Device, epochs: int
) -> None:
    path = tmp_path / "run.checkpoint"
    whole = train(clusters, device=device, **CHOICES)

    def stop(training: Training) -> None:
        save_checkpoint(path, training, SETTINGS)
        if len(training.history) == epochs:
            raise Interrupted

    with pytest.raises(Interrupted, match=r"^$"):
        train(clusters, device=device, on_epoch=stop, **CHOICES)
    start = load_checkpoint(path, SETTINGS)
    assert len(start.history) == epochs
    resumed = train(clusters, device=device, start=start, **CHOICES)
    assert same(resumed.network, whole.network)
    assert same(resumed.latest, whole.latest)
    assert resumed.generator == whole.generator
    accuracies = [[e.validation_accuracy for e in t.history] for t in (resumed, whole)]
    assert accuracies[0] == accuracies[1]


def test_the_best_network_travels_beside_the_latest(clusters: Dataset, tmp_path: Path) -> None:
    training = train(clusters, **CHOICES)
    other = replace(training.network, bias=training.network.bias + 1.0)
    save_checkpoint(tmp_path / "c", replace(training, network=other), SETTINGS)
    found = load_checkpoint(tmp_path / "c", SETTINGS)
    assert same(found.network, other)
    assert same(found.latest, training.latest)
    assert found.history == training.history


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({**SETTINGS, "seed": 4}, r"was started with seed 3, not 4; go on with the same"),
        ({**SETTINGS, "schedule": {"epochs": 6}}, r"schedule \{'epochs': 5\}, not \{'epochs': 6\}"),
        ({"schedule": {"epochs": 5}}, r"seed 3, not None"),
    ],
)
def test_other_settings_are_named(
    clusters: Dataset, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    training = train(clusters, **(CHOICES | {"schedule": Schedule(epochs=1)}))
    save_checkpoint(tmp_path / "c", training, SETTINGS)
    with pytest.raises(BadInput, match=message):
        load_checkpoint(tmp_path / "c", settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"history": "[1]"}, r"history has 1; allowed: an object with epoch"),
        ({"history": "{}"}, r"history is \{\}; allowed: a JSON array"),
        ({"generator": '{"state": 1}'}, r"generator is \{'state': 1\}, no state of PCG64"),
        ({"settings": "no"}, r"settings is not JSON"),
    ],
)
def test_a_file_of_nonsense_is_refused(
    clusters: Dataset, tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    training = train(clusters, **(CHOICES | {"schedule": Schedule(epochs=1)}))
    path = tmp_path / "c"
    save_checkpoint(path, training, SETTINGS)
    import h5py

    with h5py.File(path, "r") as file:
        found = {name: file[name][()] for name in file}
        attributes = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in file.attrs.items()
        }
    attributes = {k: v for k, v in attributes.items() if k not in ("kind", "format")} | changes
    write(path, "checkpoint", found, attributes, force=True)
    with pytest.raises(BadFile, match=message):
        load_checkpoint(path, SETTINGS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="nowhere is not a file"):
        load_checkpoint(tmp_path / "nowhere", SETTINGS)
