"""Exported folders are complete or absent, and spare what is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from spinspike.errors import BadInput
from spinspike.simulators.exchange.folder import check_place, whole_folder


def fill(folder: Path, *, force: bool = False, fails: bool = False) -> None:
    with whole_folder(folder, ("a.txt",), force=force) as new:
        (new / "a.txt").write_text("whole")
        if fails:
            raise RuntimeError


def test_it_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        fill(tmp_path / "net", fails=True)
    assert list(tmp_path.iterdir()) == []
    fill(tmp_path / "net")
    (tmp_path / "net" / "a.txt").write_text("older")
    with pytest.raises(RuntimeError):
        fill(tmp_path / "net", force=True, fails=True)
    assert (tmp_path / "net" / "a.txt").read_text() == "older"
    fill(tmp_path / "net", force=True)
    assert [f.name for f in tmp_path.rglob("*")] == ["net", "a.txt"]
    assert (tmp_path / "net" / "a.txt").read_text() == "whole"


def test_a_full_disk_is_named_and_leaves_the_folder_that_was_there(
    tmp_path: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    fill(tmp_path / "net")
    with full_disk(3), pytest.raises(BadInput, match=r"net cannot be written: .* MB are free in"):
        fill(tmp_path / "net", force=True)
    with full_disk(3), pytest.raises(BadInput, match=r"net cannot be written: .* MB are free in"):
        check_place(tmp_path / "net", ("a.txt",), force=True)
    assert [f.name for f in tmp_path.rglob("*")] == ["net", "a.txt"]
    assert (tmp_path / "net" / "a.txt").read_text() == "whole"


def test_a_folder_that_cannot_take_its_place_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    fill(tmp_path / "net")
    with (
        pytest.raises(BadInput, match="net cannot be written"),
        whole_folder(tmp_path / "net", ("a.txt",), force=True) as new,
    ):
        new.rmdir()
    assert [f.name for f in tmp_path.rglob("*")] == ["net", "a.txt"]


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    fill(tmp_path / "net")
    with pytest.raises(BadInput, match=r"net exists; .* --force"):
        fill(tmp_path / "net")
    (tmp_path / "net" / "mine.txt").touch()
    with pytest.raises(BadInput, match=r"holds mine\.txt, which no export writes"):
        fill(tmp_path / "net", force=True)
    with pytest.raises(BadInput, match=r"mine\.txt is a file; choose another name"):
        fill(tmp_path / "net" / "mine.txt", force=True)
    with pytest.raises(BadInput, match=r"absent does not exist; create it first"):
        fill(tmp_path / "absent" / "net")
