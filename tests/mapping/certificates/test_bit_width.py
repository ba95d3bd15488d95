"""Fewest bits, against mapping at every width."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import OutOfRange
from spinspike.mapping.certificates.bit_width import NONE, smallest_bits
from spinspike.mapping.certificates.margins import certified
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.consolidate import Consolidation
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network_file import NetworkFile


def held_at(bits: int, trained: NetworkFile, run: str) -> NDArray[np.bool_]:
    try:
        graph = map_network(trained, rounding=Rounding(weight_bits=bits), consolidation=None)
    except OutOfRange:  # as 1 bit is
        return np.zeros(len(trained.fixed_points[run]), dtype=np.bool_)
    return certified(graph, trained.fixed_points[run])


def test_every_width_by_itself(trained: NetworkFile) -> None:
    found = smallest_bits(trained.network, trained.fixed_points, consolidation=None)
    assert found.keys() == trained.fixed_points.keys()
    for run, widths in found.items():
        held = {bits: held_at(bits, trained, run) for bits in range(1, 9)}
        for p, bits in enumerate(widths.tolist()):
            expected = [b for b in range(1, 9) if all(held[c][p] for c in range(b, 9))]
            assert bits == min(expected, default=9)
        assert 1 < np.median(widths) < 8


def test_consolidated_integers_need_fewer_bits(trained: NetworkFile) -> None:
    points = {run: p.select(slice(200)) for run, p in trained.fixed_points.items()}
    seen: list[tuple[int, int]] = []
    found = smallest_bits(
        trained.network,
        points,
        consolidation=Consolidation(),
        on_progress=lambda *counts: seen.append(counts),
    )
    plain = smallest_bits(trained.network, points, consolidation=None)
    assert found["free"].mean() < plain["free"].mean() - 0.5
    assert seen[0] == (1, 8)
    assert seen == sorted(seen)


def test_states_that_no_width_holds(trained: NetworkFile) -> None:
    points = trained.fixed_points["free"].select(slice(10))
    wrong = FixedPoints(points.inputs, points.labels, -points.states)
    assert (smallest_bits(trained.network, {"free": wrong})["free"] == NONE).all()


def test_a_width_that_does_not_fit_holds_nothing(
    trained: NetworkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spinspike.mapping.certificates import bit_width

    def narrow(*arguments: object, rounding: Rounding, **options: object) -> object:
        if rounding.weight_bits < 6:
            message = "too few"
            raise OutOfRange(message)
        return map_network(*arguments, rounding=rounding, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(bit_width, "map_network", narrow)
    points = {"learned": trained.fixed_points["learned"].select(slice(20))}
    assert smallest_bits(trained.network, points)["learned"].min() == 6
