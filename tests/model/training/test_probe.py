"""Fitted readouts of the same states, against the closed form of ridge."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset
from spinspike.model.network.dynamics import run_free
from spinspike.model.network.network_file import NetworkFile
from spinspike.model.training.probe import probe_accuracy


def test_ridge_by_the_normal_equations(trained: NetworkFile, handwritten: Dataset) -> None:
    network, data = trained.network, handwritten
    train, test = (
        run_free(network, split.inputs, sweeps=5).astype(float) for split in (data.train, data.test)
    )
    target = 2.0 * np.eye(10)[data.train.labels] - 1
    mean, offset = train.mean(axis=0), target.mean(axis=0)
    centred = train - mean
    gram = centred.T @ centred + len(train) / 100 * np.eye(train.shape[1])
    weight = np.linalg.solve(gram, centred.T @ (target - offset))
    guess = ((test - mean) @ weight + offset).argmax(axis=1)
    expected = (guess == data.test.labels).mean()
    found = probe_accuracy(network, data, "ridge", device="numpy")
    assert found == pytest.approx(expected, abs=2 / len(test))  # single precision may turn a tie


def test_softmax_reads_what_the_network_reads(trained: NetworkFile, handwritten: Dataset) -> None:
    found = probe_accuracy(trained.network, handwritten, "softmax", device="numpy")
    assert found > trained.provenance["accuracy"]["test"] - 0.05


def test_an_unknown_probe_is_named(trained: NetworkFile, handwritten: Dataset) -> None:
    with pytest.raises(BadInput, match="probe is 'svm'; allowed: softmax, ridge"):
        probe_accuracy(trained.network, handwritten, "svm")  # type: ignore[arg-type]
