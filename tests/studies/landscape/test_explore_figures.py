"""The figures of `explore`, read back from what was drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spinspike.model.landscape.studies.sweep import ParameterScan
from spinspike.studies.landscape import network_figures as draw_one
from spinspike.studies.landscape import reached_figures as draw_reached
from spinspike.studies.landscape import sweep_figures as draw
from spinspike.studies.landscape.network_findings import Around, Finding
from spinspike.studies.landscape.reached import Nearby
from spinspike.studies.landscape.sweep import SweepFindings, findings, sweep_title
from spinspike.studies.landscape.sweep_tables import edge_cells

pytestmark = pytest.mark.matplotlib
SWEEP = ParameterScan((0.2, 0.4, 0.6), (0.0, 1.0), (50, 200), networks=6, starts=10, limit=9)
STEPS = {(50, 0.0): 0.3, (200, 0.0): 0.5, (50, 1.0): 0.1, (200, 1.0): 0.1}  # where all converge


@pytest.fixture(scope="module")
def found() -> SweepFindings:
    """A sweep whose runs converge from a step on; the network next to it does in half of its runs."""
    rng, results = np.random.default_rng(0), {}
    for point in SWEEP.points:
        for network in range(SWEEP.networks):
            above = point.self_coupling > STEPS[point.units, point.link]
            results[SWEEP.key(point, network)] = {
                "period": np.full(10, int(above)),
                "sweeps": np.full(10, 3 + network if above else 9),
                "start_overlap": np.full(10, point.self_coupling),
                "pair_overlap": rng.normal(0, 0.1, 45 if above else 0),
            }
    return findings(SWEEP, results)


def axes(figure: Any) -> Any:
    """Those of a figure, whose types say too little of what is in them."""
    return figure.axes


def lines(axis: Any) -> dict[str, Any]:
    return {str(line.get_label()): line.get_ydata() for line in axis.lines}


def test_the_phase_picture_shows_the_fractions_of_the_largest_networks(
    found: SweepFindings,
) -> None:
    figure = draw.phase(found)
    first = axes(figure)[0]
    (mesh,) = [m for m in first.collections if type(m).__name__ == "QuadMesh"]
    np.testing.assert_array_equal(mesh.get_array(), [[0, 0, 1], [1, 1, 1]])
    assert first.get_xticks().tolist() == [0.2, 0.4, 0.6]
    assert first.get_yticks().tolist() == [0, 1]
    assert [t.get_text() for t in figure.legends[0].texts] == [
        "half converge, H 50",
        "half converge, H 200",
    ]


def test_lines_are_the_rows_of_the_first_link(found: SweepFindings) -> None:
    (axis,) = axes(draw.convergence(found))
    assert {k: v.tolist() for k, v in lines(axis).items()} == {
        "H 50": [0, 1, 1],
        "H 200": [0, 0, 1],
    }
    (axis,) = axes(draw.start_overlap(found))
    np.testing.assert_allclose(lines(axis)["H 50"], [np.nan, 0.4, 0.6])
    (axis,) = axes(draw.sweeps(found))
    np.testing.assert_array_equal(lines(axis)["H 200"], [np.nan, np.nan, 5.5])
    assert axis.lines[-1].get_ydata()[0] == SWEEP.limit


def test_thresholds_stand_where_half_would_converge(found: SweepFindings) -> None:
    assert edge_cells(found) == [
        ["asynchronous, λ 0", "0.300 ± 0.000", "0.500 ± 0.000", "not determined"],
        ["asynchronous, λ 1", "below 0.2", "below 0.2", "not determined"],
    ]
    assert "from J_D 0.500 ± 0.000 on at λ 0" in sweep_title(found)
    (axis,) = axes(draw.scaling(found))
    assert axis.lines[0].get_ydata() == pytest.approx([0.3, 0.5])


def test_complexity_starts_from_nothing_and_stays_below_all_states(found: SweepFindings) -> None:
    (axis,) = axes(draw.complexity(found))
    drawn = lines(axis)
    assert drawn["λ 0"][0] == 0
    assert drawn["λ 0"][-1] == pytest.approx(0.3726, abs=5e-4)  # A.5 at J_D .6
    assert (drawn["λ 1"] < np.log(2)).all()


def test_histograms_are_densities(found: SweepFindings) -> None:
    (axis,) = axes(draw.overlaps(found))
    assert axis.patches
    for patch in axis.patches:
        x, y = patch.get_xy().T
        assert np.sum(np.diff(x) * y[1:]) == pytest.approx(1)  # steps: y holds up to the next x


def test_neighbours_stand_beside_the_closed_form() -> None:
    one = Nearby(100, 0.8, "reached", 5, (1, 2), (19.0, 290.0), (2.0, 30.0), (4.8, 58.0), 0.01,
                 0.001, 300.0, 1.0, 0.5)  # fmt: skip
    typical = replace(one, kind="typical", count=(5.0, 57.0))
    (axis,) = axes(draw_reached.nearby([one, typical]))
    drawn = [line.get_ydata().tolist() for line in axis.lines if len(line.get_ydata()) == 2]
    assert [19.0, 290.0] in drawn
    assert [4.8, 58.0] in drawn


def test_the_runs_of_a_network_end_in_one_of_three_ways() -> None:
    nan = float("nan")
    row = Finding("a", "no input", "synchronous", 10, 0.5, 0.2, 0.8, 0.3, 3.0, 0.1, 0.2, 0.1, 0.0,
                  0.1, 1.0, nan, nan, nan, nan)  # fmt: skip
    (axis,) = axes(draw_one.endings([row]))
    assert [bar.get_width() for bar in axis.patches] == pytest.approx([0.5, 0.3, 0.2])


def test_clusters_that_go_on_are_marked() -> None:
    row = Around("a", "no input", "reached", 4, 3.0, 0.5, 9.0, 1.0, 200.0, 0.75)
    drawn = axes(draw_one.around([row, replace(row, kind="of the file", larger=0.0)]))
    assert [t.get_text() for t in drawn[2].texts] == [" 75% larger"]
    assert [bar.get_width() for bar in drawn[1].patches] == [9.0, 9.0]
