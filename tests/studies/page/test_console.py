"""What the commands print with: what could not be printed is no success."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from spinspike.errors import BadInput
from spinspike.studies.page.terminal import conclude, show, table


@pytest.mark.parametrize("as_json", [True, False])
def test_a_result_for_a_full_disk_is_an_error_said_once(
    tmp_path: Path,
    as_json: bool,
    full_disk: Callable[[int], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else Python itself complains at its end, with an exit code of its own."""
    with (tmp_path / "result").open("w") as out, full_disk(0):
        monkeypatch.setattr("sys.stdout", out)
        with pytest.raises(BadInput, match="the result cannot be printed: File too large"):
            show({"a": 1}, table("A", "b", rows=[["c"]]), as_json=as_json)
        out.flush()


def test_the_last_line_leaves_counts_out_where_it_would_wrap(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = "held: no certified state is lost (emulator (step) 118 of 118)"
    conclude(said, "holds", report=Path("r.html"), as_json=False)
    conclude(said, "holds", report=Path("out/demo/report.html"), as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        f"{said}; report: r.html",
        "held: no certified state is lost; report: out/demo/report.html",
    ]
