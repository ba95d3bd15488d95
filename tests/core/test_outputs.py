"""What is written is there whole or not at all, and what cannot be written is refused beforehand."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from spinspike.errors import BadInput
from spinspike.outputs import check_target, filling, make_folder, reason, replacing

FullDisk = Callable[[int], AbstractContextManager[None]]
ROOM = r"; [\d,.]+ MB are free in "


def content(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_an_interruption_leaves_no_temporary_file(tmp_path: Path) -> None:
    def interrupted() -> None:
        with replacing(tmp_path / "x", force=False) as temporary:
            temporary.write_bytes(b"half")
            assert temporary.parent == tmp_path
            assert temporary.name != "x"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert content(tmp_path) == {}


def test_targets_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"folder .*nowhere does not exist; create it first"):
        check_target(tmp_path / "nowhere" / "x.h5", force=True)
    with pytest.raises(BadInput, match="is a folder; give the name of a file"):
        check_target(tmp_path, force=True)
    with pytest.raises(BadInput, match="exists"):
        check_target(tmp_path, force=False)
    with pytest.raises(BadInput, match="null is a device; give the name of a file"):
        check_target(Path(os.devnull), force=True)
    check_target(tmp_path / "x.h5", force=False)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_found_out_before_the_work(tmp_path: Path, full_disk: FullDisk) -> None:
    """An empty file could be made, but nothing be written into it."""
    with (
        full_disk(0),
        pytest.raises(BadInput, match="x.h5 cannot be written: File too large" + ROOM),
    ):
        check_target(tmp_path / "x.h5", force=False)
    with (
        full_disk(0),
        pytest.raises(BadInput, match="new cannot be written: File too large" + ROOM),
    ):
        make_folder(tmp_path / "new")
    assert content(tmp_path) == {}


def test_a_name_that_the_system_does_not_take_is_found_out_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"aaa cannot be written: File name too long$"):
        check_target(tmp_path / ("a" * 250), force=False)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, which may only be read; by root too, for whom that means nothing."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o555)
    before = os.geteuid()
    os.seteuid(before or 65534)
    yield Path()
    os.seteuid(before)
    tmp_path.chmod(0o755)


def test_a_folder_that_may_not_be_written_is_found_out_before_the_work(here: Path) -> None:
    with pytest.raises(BadInput, match=r"x\.h5 cannot be written: Permission denied$"):
        check_target(here / "x.h5", force=False)
    with pytest.raises(BadInput, match=r"new cannot be written: Permission denied$"):
        make_folder(here / "new")


def test_folders_are_made_with_those_above_them(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="file is a file; give the name of a folder"):
        make_folder(tmp_path / "file")


def test_the_room_is_named_where_there_is_none(tmp_path: Path) -> None:
    place = tmp_path / "not" / "there"
    quota = reason(OSError(errno.EDQUOT, "Disk quota exceeded"), place)
    assert quota.startswith("Disk quota exceeded; ")
    assert quota.endswith(f" MB are free in {tmp_path}")
    assert " MB are free in " in reason(OSError("2000 requested and 96 written"), place)
    assert reason(OSError(errno.EACCES, "Permission denied"), place) == "Permission denied"


def fill(folder: Path, size: int) -> None:
    with filling(folder) as new:
        (new / "a.txt").write_text("new")
        (new / "inner").mkdir()
        (new / "inner" / "b.txt").write_text(size * "b")


def test_a_folder_is_filled_whole_or_not_at_all(tmp_path: Path, full_disk: FullDisk) -> None:
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    before = content(tmp_path)
    with full_disk(1000), pytest.raises(BadInput, match="cannot be written: File too large" + ROOM):
        fill(tmp_path, 1001)
    assert content(tmp_path) == before
    fill(tmp_path, 1001)
    assert content(tmp_path) == {
        "a.txt": b"new", "mine.txt": b"mine", "inner/b.txt": 1001 * b"b"
    }  # fmt: skip
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a.txt", "inner", "mine.txt"]


def test_a_folder_in_the_place_of_a_file_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(BadInput, match=r"a\.txt is a folder; give the name of a file"):
        fill(tmp_path, 1)
    assert content(tmp_path) == {}
