"""The controls: what is taken out is out, everything else equal."""

from __future__ import annotations

import numpy as np

from spinspike.model import Architecture, Dataset
from spinspike.model.training.control import ablations, recurrent_controls, run_controls


def test_without_self_couplings_the_same_training_fails(handwritten: Dataset) -> None:
    runs = list(run_controls(handwritten, recurrent_controls(handwritten, [0], units=100)))
    assert [run.name for run in runs] == [
        "strong recurrence, self-coupling 0.5",
        "strong recurrence, self-coupling 0",
    ]
    assert runs[0].accuracy > 0.85
    assert runs[1].accuracy < runs[0].accuracy - 0.15
    assert [len(run.history) for run in runs] == [6, 6]


def test_ablations_take_out_one_thing_each(handwritten: Dataset) -> None:
    """On this task frozen couplings cost nearly nothing, and no self-couplings something."""
    architecture = Architecture(units=60, inputs=64, classes=10)
    runs = list(run_controls(handwritten, ablations(architecture, [0, 1])))
    assert [run.seed for run in runs] == [0, 1, 0, 1]
    assert [run.name.split(", ")[1] for run in runs[::2]] == [
        "self-coupling 0",
        "couplings not learned",
    ]
    assert all(run.accuracy > 0.8 for run in runs[2:])
    assert runs[0].history != runs[1].history
    assert np.isfinite([e.flips for run in runs for e in run.history]).all()
