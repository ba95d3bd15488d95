"""The command `integrate`: what it writes, what it claims, and when it fails."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spinspike.cli import integrate_listening, integrate_page
from spinspike.cli.integrate_learning import Memory, learned, start, theory_off
from spinspike.cli.integrate_listening import Claim, Found, heard_out, recall
from spinspike.cli.main import app
from spinspike.mapping import graph_file
from spinspike.mapping.graph import SynapseGraph
from spinspike.model.errors import BadInput
from spinspike.model.integrator.integrator_file import load_integrator
from spinspike.model.integrator.linear_network import (
    Filter,
    LinearNetwork,
    impulse_response,
    outlier,
)
from spinspike.simulators.impulse import Pulse

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
    assert summary["model"]["time_scale"] == pytest.approx(2.5, rel=0.01)
    assert summary["simulators"]["emulator"]["time_scale"] == pytest.approx(2.5, rel=0.05)
    assert summary["nulls"]["emulator"]["time_scale"] == pytest.approx(1.0, rel=0.05)
    assert set(summary["precisions"]) == {"4", "8"}
    page = (out / "report.html").read_text()
    assert 'class="holds">The learned memory of 2.5 leaks is kept on emulator' in page
    assert page.count("data:image/svg+xml") == 3
    with (out / "responses.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["where"] == "emulator"]
    times, output = (np.array([float(row[key]) for row in rows]) for key in ("time", "output"))
    slope = np.polyfit(times[4:20], np.log(output[4:20]), 1)[0]
    assert slope == pytest.approx(-0.4, rel=0.05)
    with (out / "learning.csv").open() as file:
        last = [*csv.DictReader(file)][-1]
    assert float(last["loss"]) == pytest.approx(1e-3 / (4 * 0.4), rel=0.01)


def heard(
    units: int, target: Filter, regime: str = "rich", on: str = "emulator", hold: float = 0.0
) -> tuple[Memory, Found]:
    """What the command finds, without its page."""
    blank = start(units, regime, target, None, 0)
    memory = learned(blank, target, rich=regime == "rich")
    return memory, heard_out(memory, [on], 8, hold, 0)


def failed(found: Found) -> list[str]:
    return [claim.statement for claim in found.claims if not claim.holds]


def test_an_oscillator_turns_as_fast_as_it_should() -> None:
    memory, found = heard(6, Filter(0.3, 1.0), hold=1.0)
    assert failed(found) == []
    assert found.simulators["emulator"].fit.frequency == pytest.approx(1.0, rel=0.05)
    assert theory_off(memory, "6 directions") < 0.01


def test_a_lazy_memory_has_no_outlier() -> None:
    memory, found = heard(16, Filter(0.6), "lazy")
    assert failed(found) == []
    assert memory.change < 0.2
    assert memory.theory == {}
    assert found.simulators["emulator"].fit.time_scale == pytest.approx(1 / 0.6, rel=0.05)


def test_the_leak_itself_is_no_memory() -> None:
    """What a graph without couplings does as well proves nothing."""
    _, found = heard(4, Filter(1.0))
    assert failed(found) == ["emulator: time-scale without couplings, off the learned one"]


def test_a_graph_that_forgets_too_early_fails(
    integrate: Integrate, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = integrate_listening.graph_for

    def forgetful(name: str, network: LinearNetwork, bits: int) -> SynapseGraph:
        return right(name, replace(network, coupling=0.8 * network.coupling), bits)

    monkeypatch.setattr(integrate_listening, "graph_for", forgetful)
    monkeypatch.setattr(integrate_page, "write_page", lambda *_: None)
    done = integrate(*SMALL)
    assert done.exit_code == 1, done.output
    assert "FAILS" in done.stdout


@pytest.mark.brian2
def test_populations_of_spiking_neurons_keep_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrate_listening, "LISTENING", 30.0)
    _, found = heard(2, Filter(0.5), on="brian2")
    assert failed(found) == []
    assert found.simulators["brian2"].fit.time_scale == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--rate", -1), "rate is -1.0"),
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


def test_a_claim_without_a_number_fails() -> None:
    assert not Claim("", float("nan"), 0.1).holds
    assert not Claim("", float("nan"), 0.1, at_least=True).holds


def test_the_model_s_own_response_to_a_held_input_is_that_of_many_impulses() -> None:
    blank = start(5, "lazy", Filter(0.5), None, 0)
    pulse = Pulse.impulse(2.0, 10.0)
    held = recall("model", blank, pulse, Filter(0.5))
    shorts = np.linspace(0, 2, 401)[:-1] + 0.0025
    for k in (0, 100, 300):
        late = np.sort(held.times[k] + shorts)
        assert held.response[k] == pytest.approx(impulse_response(blank, late).mean(), abs=1e-4)
