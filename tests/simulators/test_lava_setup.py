"""Installing Lava: what is run is said first, and a failure is one sentence."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from spinspike.cli.main import app
from spinspike.errors import MissingPart
from spinspike.simulators.lava_setup import commands, set_up_lava


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said and what is run, in order; the command that names lava-nc fails."""
    happened: list[str] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        happened.append(f"run {shlex.join(command)}")
        return subprocess.CompletedProcess(command, int("lava-nc" in command[-1]))

    monkeypatch.setattr(subprocess, "run", run)
    return happened


def test_every_command_is_said_before_it_runs_and_a_failure_ends_it(log: list[str]) -> None:
    with pytest.raises(MissingPart, match=r"Lava was not installed: .*lava-nc==0\.10\.0 failed"):
        set_up_lava(log.append)
    said = [shlex.join(command) for command in commands()]
    assert log == [said[0], f"run {said[0]}", said[1], f"run {said[1]}"]
    assert all(command[:4] == [sys.executable, "-m", "pip", "install"] for command in commands())


def test_a_dry_run_prints_the_commands_and_runs_none(log: list[str]) -> None:
    done = CliRunner().invoke(app, ["setup", "lava", "--dry-run"])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [shlex.join(command) for command in commands()]
    assert log == []
