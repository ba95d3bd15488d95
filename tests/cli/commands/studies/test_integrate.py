"""The command `integrate`: what it writes, what it claims, and when it fails."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spinspike.cli.main import app
from spinspike.errors import BadInput
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.integrator.integrator_graph import map_integrator
from spinspike.model.integrator.integrator_file import load_integrator
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, outlier
from spinspike.simulators.integrator.validation import IntegratorOutcome, integrator_claims
from spinspike.studies.integrator import page as integrate_page
from spinspike.studies.integrator.learning import Memory, learned, start, theory_off
from spinspike.studies.integrator.simulated_memory import learning_claims, simulate_memory

pytestmark = pytest.mark.matplotlib
Integrate = Callable[..., Result]
SMALL = ("--units", 6, "--rate", 0.4)


@pytest.fixture
def integrate(tmp_path: Path) -> Integrate:
    """The command, into the folder ``out``."""

    def run(*arguments: object) -> Result:
        words = ["integrate", "-o", str(tmp_path / "out")]
        return CliRunner().invoke(app, [*words, *map(str, arguments)])

    return run


def test_a_folder_with_all_of_it(integrate: Integrate, tmp_path: Path) -> None:
    done = integrate(*SMALL, "--json")
    assert done.exit_code == 0, done.output
    out = tmp_path / "out"
    summary = json.loads(done.stdout)
    assert json.loads((out / "summary.json").read_text()) == summary
    content = load_integrator(out / "integrator.h5")
    assert outlier(content.network).real == pytest.approx(0.6, abs=0.01)
    assert graph_file.load(out / "graph.h5").units == 6
    found = {o["where"]: o["time_scale"] for o in summary["outcomes"]}
    for where in ("network, exactly", "emulator, 8 bits", "emulator, 4 bits"):
        assert found.pop(where) == pytest.approx(2.5, rel=0.05)
    assert found.pop("emulator, no couplings") == pytest.approx(1.0, rel=0.05)
    assert found.pop("emulator, permuted") < 2
    assert found == {}
    page = (out / "report.html").read_text()
    assert 'class="holds">The learned memory of 2.5 leaks is kept on emulator' in page
    assert page.count("data:image/svg+xml") == 3
    with (out / "responses.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["where"] == "emulator, 8 bits"]
    times, output = (np.array([float(row[key]) for row in rows]) for key in ("time", "output"))
    slope = np.polyfit(times[4:20], np.log(output[4:20]), 1)[0]
    assert slope == pytest.approx(-0.4, rel=0.05)
    with (out / "learning.csv").open() as file:
        last = [*csv.DictReader(file)][-1]
    assert float(last["loss"]) == pytest.approx(1e-3 / (4 * 0.4), rel=0.01)


def heard(
    units: int, target: Filter, regime: str = "rich", on: str = "emulator", run: str = "impulse"
) -> tuple[Memory, IntegratorOutcome, list[str]]:
    """What was learned, what the command finds on a simulator, and the claims that do not hold."""
    memory = learned(start(units, regime, target, None, 0), target, rich=regime == "rich")
    outcomes = list(simulate_memory(memory, [on], 8, run, 0, trials=2))
    claims = [*learning_claims(memory, outcomes[0]), *integrator_claims(outcomes)]
    own = next(o for o in outcomes if (o.simulator, o.bits, o.null) == (on, 8, ""))
    return memory, own, [c.statement for c in claims if c.verdict != "holds"]


def test_an_oscillator_turns_as_fast_as_it_should() -> None:
    memory, own, failed = heard(20, Filter(0.3, 1.0), run="hold")
    assert failed == []
    assert own.fit.frequency == pytest.approx(1.0, rel=0.05)
    assert theory_off(memory, "14 directions") < 0.01


def test_a_lazy_memory_has_no_outlier() -> None:
    memory, own, failed = heard(16, Filter(0.2), "lazy")
    assert failed == []
    assert memory.change < 0.2
    assert memory.theory == {}
    assert own.fit.time_scale == pytest.approx(5.0, rel=0.05)


def test_what_did_not_learn_fails() -> None:
    """Half of the loss left, or a time-scale 10 % off in either direction."""
    memory, own, _ = heard(6, Filter(0.4))
    assert [c.verdict for c in learning_claims(memory, own)] == ["holds", "holds"]
    half = replace(memory, last_loss=memory.first_loss / 2)
    assert [c.verdict for c in learning_claims(half, own)] == ["fails", "holds"]
    for factor in (0.9, 1.1):
        off = replace(own, fit=replace(own.fit, rate=0.4 * factor))
        assert [c.verdict for c in learning_claims(memory, off)] == ["holds", "fails"]


def test_the_leak_itself_is_no_memory(integrate: Integrate) -> None:
    """What a graph without couplings does as well proves nothing."""
    done = integrate("--units", 6, "--rate", 1, "--json")
    assert done.exit_code == 1, done.output
    claims = json.loads(done.stdout)["claims"]
    assert [claim["statement"] for claim in claims if claim["verdict"] == "fails"] == [
        f"8 bits, impulse, {null}: time-scale, distance from the learned 1"
        for null in ("no couplings", "permuted")
    ]


def test_a_graph_that_forgets_too_early_fails(
    integrate: Integrate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(network: LinearNetwork, **options: Any) -> SynapseGraph:
        return map_integrator(replace(network, coupling=0.8 * network.coupling), **options)

    monkeypatch.setattr("spinspike.simulators.integrator.validation.map_integrator", forgetful)
    monkeypatch.setattr(integrate_page, "write_page", lambda *_: None)
    done = integrate(*SMALL)
    assert done.exit_code == 1, done.output
    assert "FAILS" in done.stdout


@pytest.mark.brian2
def test_populations_of_spiking_neurons_keep_the_memory() -> None:
    _, own, failed = heard(4, Filter(0.5), on="brian2")
    assert failed == []
    assert own.readouts.shape[1] == 2
    assert own.fit.time_scale == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--rate", -1), "rate is -1.0"),
        (("--rate", 1e-4), "rate and frequency are 0.0001 and 0; allowed: 0.005 up"),
        (("--frequency", 13), "are 0.4 and 13; allowed: 0.005 up, and below 12.6, half a turn"),
        (("--regime", "busy"), "regime is 'busy'; allowed: rich, lazy"),
        (("--on", "abacus"), "simulator is 'abacus'; allowed: emulator, lava, brian2"),
        (("--learn", "xyz"), "learn is 'xyz'"),
    ],
)
def test_values_without_meaning_are_refused(
    integrate: Integrate, tmp_path: Path, wrong: tuple[object, ...], message: str
) -> None:
    done = integrate(*SMALL, *wrong)
    assert isinstance(done.exception, BadInput)
    assert message in str(done.exception)
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_folder_that_holds_something_is_kept(integrate: Integrate, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    done = integrate(*SMALL)
    assert isinstance(done.exception, BadInput)
    assert "is not empty" in str(done.exception)
