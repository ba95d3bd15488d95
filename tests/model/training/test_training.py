"""Training learns what can be learned, cannot learn what cannot, and repeats itself."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import issparse

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network
from spinspike.model.training.training import Training, accuracy, train

SMALL = Architecture(units=40, inputs=12, classes=3)
SHORT = Schedule(epochs=3, batch=8)
ARRAYS = ("coupling", "input_weight", "supervisory", "readout", "centre")


def differing(one: Network, other: Network) -> list[str]:
    return [a for a in ARRAYS if not np.array_equal(dense(one, a), dense(other, a))]


def dense(network: Network, name: str) -> NDArray[np.float64]:
    value = getattr(network, name)
    return np.asarray(value.toarray() if issparse(value) else value)


def test_a_seed_decides_everything(clusters: Dataset) -> None:
    first, same, other = (train(clusters, SMALL, schedule=SHORT, seed=s) for s in (1, 1, 2))
    assert not differing(first.network, same.network)
    for one, two in zip(first.history, same.history, strict=True):
        assert astuple(one)[:-2] == astuple(two)[:-2]  # all but how long it took
    assert differing(first.network, other.network) == list(ARRAYS[:-1])


def test_easy_classes_are_learned_and_shuffled_labels_are_not(clusters: Dataset) -> None:
    """Without information in the labels, held-out accuracy is chance: 1/3 of 600 guesses."""
    rng = np.random.default_rng(0)
    found, chance = [], []
    for seed in range(5):
        found.append(
            accuracy(train(clusters, SMALL, schedule=SHORT, seed=seed).network, clusters.test)
        )
        labels = rng.permutation(clusters.train.labels)
        null = replace(clusters, train=Split(clusters.train.inputs, labels))
        chance.append(
            accuracy(train(null, SMALL, schedule=SHORT, seed=seed).network, clusters.test)
        )
    assert min(found) > 0.95
    assert np.mean(chance) < 0.6


def test_without_self_coupling_the_same_training_fails(handwritten: Dataset) -> None:
    """What the clamp imposes has to survive the release to be learned."""
    part = replace(
        handwritten, train=Split(handwritten.train.inputs[:600], handwritten.train.labels[:600])
    )
    with_latch = Architecture(
        units=100,
        inputs=64,
        classes=10,
        input_scale=0.3,
        supervisory_scale=2.0,
        sparsity=0.5,
        input_sparsity=0.5,
    )
    without = replace(with_latch, self_coupling=0.0)
    rule, three = MarginRule(margin=1.0), Schedule(epochs=3)
    for seed in (0, 1):
        scores, flips = zip(
            *(
                (run.history[-1].validation_accuracy, run.history[-1].flips)
                for a in (with_latch, without)
                for run in [train(part, a, rule=rule, schedule=three, seed=seed, gain=2.0)]
            ),
            strict=True,
        )
        assert scores[0] > 0.8
        assert scores[1] < scores[0] - 0.2
        assert flips[1] > 1.4 * flips[0]


def test_data_is_not_changed(clusters: Dataset) -> None:
    before = deepcopy(clusters)
    train(clusters, SMALL, schedule=SHORT)
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(clusters, name).inputs, getattr(before, name).inputs)
        np.testing.assert_array_equal(getattr(clusters, name).labels, getattr(before, name).labels)


def test_frozen_parts_stay_as_drawn(clusters: Dataset) -> None:
    """A run whose rates are all zero keeps the network it drew; a real one its frozen parts."""
    still = MarginRule(rate=0.0, input_rate=0.0, readout_rate=0.0)
    drawn = train(clusters, SMALL, rule=still, schedule=SHORT).network
    learned = train(clusters, SMALL, schedule=SHORT).network
    assert differing(drawn, learned) == ["coupling", "input_weight", "readout"]
    np.testing.assert_array_equal(learned.self_coupling, np.full(40, 0.5))
    np.testing.assert_allclose(learned.centre, clusters.train.inputs.mean(axis=0))


def test_each_epoch_is_reported_once_in_order(clusters: Dataset) -> None:
    seen: list[Training] = []
    training = train(clusters, SMALL, schedule=SHORT, on_epoch=seen.append)
    assert [len(so_far.history) for so_far in seen] == [1, 2, 3]
    assert all(so_far.history[-1] == training.history[k] for k, so_far in enumerate(seen))
    assert [row.epoch for row in training.history] == [1, 2, 3]
    last = training.history[-1]
    assert last.train_accuracy == accuracy(training.network, clusters.train)
    assert last.validation_accuracy == accuracy(training.network, clusters.validation)
    for row in training.history:
        assert 0 <= row.weak <= 1
        assert 0 <= row.flips <= 1
        assert row.seconds > len(clusters.train) / row.images_per_second > 0


def test_accuracy_counts_right_answers_of_runs_without_label(clusters: Dataset) -> None:
    """With a readout of one unit and no couplings, the answer is the sign of one pixel."""
    simple = from_arrays(
        J=np.zeros((40, 40)),
        Win=np.eye(40, 12),
        Wback=np.full((40, 3), 1e9),
        Wout=np.concatenate([np.eye(1, 40), -np.eye(1, 40), np.zeros((1, 40))]),
        centre=np.full(12, 0.5),
    )
    right = [
        (0 if image[0] >= 0.5 else 1) == label
        for image, label in zip(clusters.test.inputs, clusters.test.labels, strict=True)
    ]
    assert accuracy(simple, clusters.test) == pytest.approx(sum(right) / len(right))


@pytest.mark.parametrize("changes", [{"inputs": 11}, {"classes": 4}], ids=["inputs", "classes"])
def test_an_architecture_for_other_data_is_refused(
    clusters: Dataset, changes: dict[str, Any]
) -> None:
    sizes = {"inputs": 12, "classes": 3} | changes
    message = (
        rf"{sizes['inputs']} inputs and {sizes['classes']} classes; "
        r"allowed for clusters: 12 and 3"
    )
    with pytest.raises(BadInput, match=message):
        train(clusters, replace(SMALL, **changes))


def test_bad_training_data_is_refused(clusters: Dataset) -> None:
    inputs = clusters.train.inputs.copy()
    inputs[17, 3] = np.nan
    with pytest.raises(BadInput, match=r"centre (.|\n)* allowed: finite numbers"):
        train(replace(clusters, train=Split(inputs, clusters.train.labels)), SMALL, schedule=SHORT)
    labels = clusters.train.labels.copy()
    labels[17] = 3
    with pytest.raises(BadInput, match=r"labels range from 0 to 3; allowed: 0 to 2"):
        train(replace(clusters, train=Split(clusters.train.inputs, labels)), SMALL, schedule=SHORT)


def test_a_gain_that_is_not_finite_is_refused(clusters: Dataset) -> None:
    with pytest.raises(BadInput, match="gain is nan"):
        train(clusters, SMALL, schedule=SHORT, gain=float("nan"))


def test_no_training_images_are_refused(clusters: Dataset) -> None:
    empty = Split(clusters.train.inputs[:0], clusters.train.labels[:0])
    with pytest.raises(BadInput, match="0"):
        train(replace(clusters, train=empty), SMALL, schedule=SHORT)
