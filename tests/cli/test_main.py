"""The entry point: versions, and which exit code an error gets."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from spinspike.cli import main
from spinspike.model.errors import BadFile


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
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit, match=str(code)):
        main.main()
    assert said in capsys.readouterr().err
