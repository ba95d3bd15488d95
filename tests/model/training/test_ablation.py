"""Each ablation changes what it says and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from math import sqrt
from typing import Any

import pytest

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset
from spinspike.model.data.entangled import entangle
from spinspike.model.data.named import digits
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.training.ablation import DATA, GROUPS, Ablation, ablations, baseline

LABELS = {"group", "series", "at", "published"}


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Digits under the name of the published data set."""
    return replace(entangle(digits()), name=DATA)


def changed(run: Ablation, data: Dataset) -> dict[str, Any]:
    """Values that differ from the baseline of the same size, by dotted name."""

    def flat(prefix: str, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            return {prefix: value}
        parts = [flat(f"{prefix}.{name}".strip("."), inner) for name, inner in value.items()]
        return {name: inner for part in parts for name, inner in part.items()}

    base = flat("", asdict(baseline(data, units=run.architecture.units)))
    return {
        name: value
        for name, value in flat("", asdict(run)).items()
        if base[name] != value and name not in LABELS
    }


def listed(data: Dataset, group: str, **choices: Any) -> list[tuple[str, float, dict[str, Any]]]:
    runs = ablations(data, [group], **choices)
    return [(run.series, run.at, changed(run, data)) for run in runs]


def test_the_baseline_is_the_published_one(data: Dataset) -> None:
    """PAPERS.md, A.3, version 1; decays as the authors' library applies them."""
    run = baseline(data)
    a, rule = run.architecture, run.rule
    assert (a.units, a.inputs, a.classes, a.sparsity, a.input_sparsity) == (1600, 100, 10, 0, 0)
    assert (a.self_coupling, a.input_scale, a.supervisory_scale) == (0.5, 5.0, 0.9)
    assert (rule.margin, rule.margin_of_input, rule.readout_margin) == (0.9, 0.9, 3.0)
    assert (rule.rate, rule.input_rate, rule.readout_rate) == (0.005, 0.03, 0.1)
    assert rule.decay == pytest.approx(0.005 * 0.005 / sqrt(1600))
    assert rule.readout_decay == pytest.approx(0.005 * 0.1 / sqrt(1600))
    assert rule.input_decay == 0
    assert run.schedule.sweeps == Sweeps(5, 5)
    assert (run.schedule.epochs, run.schedule.factor(19), run.schedule.evaluation) == (20, 1, 5)
    assert run.gain / (data.input_range[1] - data.input_range[0]) == 1  # -1 and +1 as they are
    assert not run.centred


def test_couplings_are_learned_absent_or_frozen(data: Dataset) -> None:
    assert listed(data, "couplings") == [
        (series, H, change)
        for H in (400, 1600, 3200)
        for series, change in (
            ("J learned", {}),
            ("J = 0", {"architecture.sparsity": 1.0}),
            ("J frozen", {"rule.rate": 0.0, "rule.decay": 0.0}),
        )
    ]


def test_self_couplings_are_there_or_not_in_one_phase_or_two(data: Dataset) -> None:
    one, none = {"schedule.sweeps.free": 0}, {"architecture.self_coupling": 0.0}
    assert listed(data, "self-coupling") == [
        ("one phase", 0.5, one),
        ("one phase", 0.0, one | none),
        ("two phases", 0.5, {}),
        ("two phases", 0.0, none),
    ]


def test_links_take_the_place_of_self_couplings(data: Dataset) -> None:
    chain = {
        "architecture.modules": 2,
        "architecture.self_coupling": 0.0,
        "architecture.input_scale": 2.0,
    }
    assert listed(data, "link") == [
        ("two modules", at, chain | ({"architecture.link": at} if at else {}))
        for at in (0.0, 1.0, 1.5, 2.0, 2.5, 3.0)
    ]


def test_sweeps_and_margins_take_their_values(data: Dataset) -> None:
    names = ("schedule.sweeps.clamped", "schedule.sweeps.free", "schedule.evaluation")
    assert listed(data, "sweeps") == [
        ("T clamped, T free", T, dict.fromkeys(names, T)) for T in (2, 10, 20, 40)
    ]
    assert listed(data, "margin") == [
        ("J and Win", kappa, {"rule.margin": kappa}) for kappa in (0.5, 0.75, 1, 1.25, 1.5, 2)
    ]


def published(runs: Sequence[Ablation]) -> list[float | None]:
    return [run.published for run in runs]


def test_published_values_stand_beside_what_they_were_measured_on(data: Dataset) -> None:
    """Table of PAPERS.md, A.4; another size or another data set has none."""
    learned, absent, frozen = (0.848, 0.881, 0.888), (0.828, 0.845, 0.854), (0.818, 0.837, 0.85)
    by_size = zip(learned, absent, frozen, strict=True)
    assert published(ablations(data, ["couplings"])) == [v for size in by_size for v in size]
    assert published(ablations(data, ["couplings"], units=[400, 60])) == [
        0.848, 0.828, 0.818, None, None, None,
    ]  # fmt: skip
    assert published(ablations(data, ["self-coupling"])) == [0.881, 0.839, 0.873, 0.114]
    assert published(ablations(data, ["link"])) == [0.10, 0.17, 0.645, 0.785, 0.818, 0.823]
    assert published(ablations(data, ["sweeps"])) == [0.844, 0.864, 0.864, 0.864]
    assert set(published(ablations(data, ["margin"]))) == {None}
    assert set(published(ablations(data, ["link"], units=[400]))) == {None}
    assert set(published(ablations(entangle(digits())))) == {None}


def test_choices_hold_for_every_run(data: Dataset) -> None:
    runs = ablations(data, units=[50, 80], seeds=[3, 4], epochs=2, readout_states="clamped")
    assert {run.group for run in runs} == set(GROUPS)
    assert {run.architecture.units for run in runs if run.group == "couplings"} == {50, 80}
    assert {run.architecture.units for run in runs if run.group != "couplings"} == {50}
    assert [run.seed for run in runs] == [3, 4] * (len(runs) // 2)
    assert {(run.schedule.epochs, run.schedule.readout_states) for run in runs} == {(2, "clamped")}
    assert len({(run.name, run.seed) for run in runs}) == len(runs)
    assert runs[0].name == "couplings: J learned, H 50"


def test_unknown_groups_and_readouts_are_refused(data: Dataset) -> None:
    with pytest.raises(BadInput, match="group is 'depth'; allowed: couplings, self-coupling, link"):
        ablations(data, ["link", "depth"])
    with pytest.raises(BadInput, match="readout_states is 'own'; allowed: free, clamped"):
        ablations(data, ["link"], readout_states="own")  # type: ignore[arg-type]
