"""The figure of clusters shows what replicas allow."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.studies.landscape.cluster_figures import OVERLAPS, clusters

pytestmark = pytest.mark.matplotlib


def test_only_weak_self_couplings_leave_overlaps_without_clusters() -> None:
    """From J_D .060 on clusters are expected at all overlaps; none holds more than free spins."""
    (axis,) = clusters((0.05, 0.1, 1.0)).axes
    drawn = {line.get_label(): np.asarray(line.get_ydata()) for line in axis.lines}
    gap = OVERLAPS[drawn["$J_D$ 0.05"] < 0]
    assert gap.min() == pytest.approx(0.9)
    assert gap.max() == pytest.approx(0.98)
    assert (drawn["$J_D$ 0.1"] > 0).all()
    assert (drawn["$J_D$ 1"] < drawn["free spins"]).all()
    q = (1 + np.sqrt(OVERLAPS)) / 2  # spins around a centre at overlap sqrt(q)
    binary = -q * np.log(q) - (1 - q) * np.log(1 - q)
    assert drawn["free spins"][2:] == pytest.approx(binary[2:], rel=0.02)
