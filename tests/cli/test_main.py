"""The entry point: versions, and which exit code an error gets."""

from __future__ import annotations

from importlib.metadata import version

import pytest
import typer

from spinspike.cli import main
from spinspike.errors import BadFile


def test_the_version_is_that_of_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["spinspike", "--version"])
    with pytest.raises(SystemExit, match="0"):
        main.main()
    assert capsys.readouterr().out == f"spinspike {version('spinspike')}\n"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BadFile("a.h5 is\nbroken"), 2, "spinspike: a.h5 is broken\n"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
        (MemoryError("Unable to allocate 7 TiB"), 2, "Unable to allocate 7 TiB"),
        (KeyError("x"), 70, "this is a bug; please report it"),
    ],
)
def test_errors_become_exit_codes(
    error: Exception,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit, match=str(code)):
        main.main()
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["map"], "spinspike: Missing argument 'network'; see spinspike map --help\n"),
        (
            ["map", "n.h5"],
            "spinspike: Missing option '--output' / '-o'; see spinspike map --help\n",
        ),
        (["mapp"], "spinspike: No such command 'mapp'"),
        (["map", "n.h5", "-o", "g.h5", "--reserve", "-1"], "Invalid value for '--reserve'"),
    ],
)
def test_a_wrong_command_line_gets_one_line(
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["spinspike", *words])
    with pytest.raises(SystemExit, match="2"):
        main.main()
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1


def test_no_command_gets_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["spinspike"])
    with pytest.raises(SystemExit, match="2"):
        main.main()
    printed = capsys.readouterr()
    assert "Usage: spinspike" in printed.out + printed.err


def test_an_interrupt_is_no_failed_claim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(**_: object) -> None:
        raise typer.Abort

    monkeypatch.setattr(main, "app", interrupted)
    with pytest.raises(SystemExit, match="130"):
        main.main()
    assert capsys.readouterr().err == "spinspike: interrupted\n"
