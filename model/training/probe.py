"""How good could a readout of these states be? Probes that are fitted, not learned locally.

They measure the gap between the network's own readout and what its states hold; no network is
given their weights.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from spinspike.arrays import SpinArray
from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.learning.base import Course
from spinspike.model.learning.devices import Device, engine
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.network import Network

Probe = Literal["softmax", "ridge"]
PROBES: tuple[Probe, ...] = ("softmax", "ridge")


def probe_accuracy(
    network: Network,
    data: Dataset,
    kind: Probe = "softmax",
    *,
    sweeps: int = 5,
    device: Device = "auto",
) -> float:
    """Test accuracy of a readout fitted to the states that training inputs lead to by themselves.

    Parameters
    ----------
    kind : {"softmax", "ridge"}
        Logistic regression over all classes without bias, as the paper reports beside the
        network's own readout, or ridge regression on -1, +1.
    sweeps : int
        Of the free runs, after their warm-up.

    References
    ----------
    Badalotti et al., arXiv 2509.05041, version 2, experiments.
    """
    if kind not in PROBES:
        message = f"probe is {kind!r}; allowed: {', '.join(PROBES)}"
        raise BadInput(message)
    from sklearn.linear_model import LogisticRegression, RidgeClassifier

    runner = engine(network, Course(MarginRule(), Schedule().sweeps), device=device)

    def states(split: Split) -> SpinArray:
        return runner.free(split.inputs, sweeps=sweeps).astype(np.float32)

    method = (
        LogisticRegression(fit_intercept=False, C=0.01, max_iter=200, tol=1e-3)
        if kind == "softmax"
        else RidgeClassifier(alpha=len(data.train) / 100)
    )
    method.fit(states(data.train), data.train.labels)
    return float(method.score(states(data.test), data.test.labels))
