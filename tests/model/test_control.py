"""The controls: what is taken out is out, everything else equal."""

from __future__ import annotations

import numpy as np

from spinspike.model import Architecture, Dataset
from spinspike.model.control import frozen_coupling_runs, self_coupling_runs


def test_without_self_couplings_the_same_training_fails(handwritten: Dataset) -> None:
    runs = list(self_coupling_runs(handwritten, [0], units=100))
    assert [run.name for run in runs] == ["self-coupling 0.5", "self-coupling 0"]
    assert runs[0].accuracy > 0.85
    assert runs[1].accuracy < runs[0].accuracy - 0.15
    assert [len(run.history) for run in runs] == [10, 10]


def test_frozen_couplings_learn_this_task_all_the_same(handwritten: Dataset) -> None:
    architecture = Architecture(units=60, inputs=64, classes=10)
    runs = list(frozen_coupling_runs(handwritten, architecture, [0, 1]))
    assert [run.seed for run in runs] == [0, 1]
    assert all(run.accuracy > 0.8 for run in runs)
    assert runs[0].history != runs[1].history
    assert np.isfinite([e.flips for run in runs for e in run.history]).all()
