"""Campaigns in this process: what is kept, what is run again, and what is said when it fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinspike.campaign import Arrays, Task, carry_out
from spinspike.errors import BadInput, SimulationFailed


class Work:
    """Squares numbers, and remembers which."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.broken: set[int] = set()

    def __call__(self, number: int) -> Arrays:
        self.seen.append(number)
        if number in self.broken:
            message = f"cannot square {number}"
            raise ArithmeticError(message)
        return {"square": np.array([number**2]), "odd": np.array(number % 2 == 1)}


@pytest.fixture
def work() -> Work:
    return Work()


def squares(work: Callable[..., Arrays], count: int = 5) -> list[Task]:
    return [Task(f"square-{n}", work, (n,)) for n in range(count)]


def numbers(found: dict[str, dict[str, Any]]) -> list[int]:
    return [int(arrays["square"][0]) for arrays in found.values()]


def test_results_come_in_the_order_of_the_tasks(tmp_path: Path, work: Work) -> None:
    seen: list[tuple[int, int]] = []
    found = carry_out(
        squares(work), tmp_path / "new", fingerprint="a", progress=lambda *done: seen.append(done)
    )
    assert list(found) == [f"square-{n}" for n in range(5)]
    assert numbers(found) == [0, 1, 4, 9, 16]
    assert [bool(a["odd"]) for a in found.values()] == [False, True, False, True, False]
    assert seen == [(n, 5) for n in range(6)]


def test_what_is_there_is_not_run_again(tmp_path: Path, work: Work) -> None:
    carry_out(squares(work, 3), tmp_path, fingerprint="a")
    found = carry_out(squares(work, 5)[::-1], tmp_path, fingerprint="a")
    assert work.seen == [0, 1, 2, 4, 3]
    assert numbers(found) == [16, 9, 4, 1, 0]


def test_another_fingerprint_means_another_result(tmp_path: Path, work: Work) -> None:
    carry_out(squares(work, 2), tmp_path, fingerprint="a")
    carry_out(squares(work, 2), tmp_path, fingerprint="b")
    assert work.seen == [0, 1, 0, 1]


def test_a_task_that_raises_is_named_and_the_same_call_goes_on(tmp_path: Path, work: Work) -> None:
    work.broken = {3}
    said = "task square-3 failed: ArithmeticError: cannot square 3; finished tasks are kept"
    with pytest.raises(SimulationFailed, match=said):
        carry_out(squares(work), tmp_path, fingerprint="a")
    work.broken, work.seen = set(), []
    assert numbers(carry_out(squares(work), tmp_path, fingerprint="a")) == [0, 1, 4, 9, 16]
    assert work.seen == [3, 4]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_file_never_becomes_a_wrong_result(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder, work = tmp_path_factory.mktemp("damaged"), Work()
    task = [Task("square-7", work, (7,))]
    carry_out(task, folder, fingerprint="a")
    file = folder / "square-7.npz"
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    else:
        content = content[:place]
    file.write_bytes(content)
    found = carry_out(task, folder, fingerprint="a")
    assert numbers(found) == [49]
    assert found["square-7"]["odd"].item() is True
    assert carry_out(task, folder, fingerprint="a").keys() == {"square-7"}


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def test_a_foreign_file_is_not_trusted_and_nothing_in_it_is_executed(
    tmp_path: Path, work: Work
) -> None:
    trap: Any = np.array([Trap(tmp_path / "sprung")], dtype=object)
    folder = tmp_path / "results"
    folder.mkdir()
    np.savez(folder / "square-0.npz", head=trap, square=trap)
    np.savez(folder / "square-1.npz", square=np.array([5]))
    (folder / "square-2.npz").write_text("no archive")
    assert numbers(carry_out(squares(work, 3), folder, fingerprint="a")) == [0, 1, 4]
    assert work.seen == [0, 1, 2]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("value", [np.array(["text"]), np.array([None])], ids=["text", "object"])
def test_only_numbers_are_kept(tmp_path: Path, value: Any) -> None:
    with pytest.raises(SimulationFailed, match=r"task odd returned 'value' of type .* numbers"):
        carry_out([Task("odd", lambda: {"value": value})], tmp_path, fingerprint="a")
    assert not list(tmp_path.iterdir())


def incompressible(size: int) -> Arrays:
    return {"bytes": np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)}


def test_a_full_disk_is_named_and_what_is_finished_is_kept(
    tmp_path: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    tasks = [Task("small", incompressible, (100,)), Task("large", incompressible, (100_000,))]
    with full_disk(20_000), pytest.raises(BadInput, match=r"large\.npz cannot be written"):
        carry_out(tasks, tmp_path, fingerprint="a")
    assert [file.name for file in tmp_path.iterdir()] == ["small.npz"]
    found = carry_out(tasks, tmp_path, fingerprint="a")
    assert [arrays["bytes"].size for arrays in found.values()] == [100, 100_000]


@pytest.mark.parametrize("key", ["", "../up", "a/b", ".hidden", "a b", "x" * 201])
def test_keys_are_file_names(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadInput, match=r"a task has the key .*; allowed: letters"):
        carry_out([Task(key, incompressible, (1,))], tmp_path, fingerprint="a")


def test_each_key_comes_once(tmp_path: Path, work: Work) -> None:
    with pytest.raises(BadInput, match=r"'square-0'; allowed: .* each key once"):
        carry_out(squares(work, 1) * 2, tmp_path, fingerprint="a")


def test_at_least_one_job(tmp_path: Path, work: Work) -> None:
    with pytest.raises(BadInput, match="jobs is 0; allowed: 1 or more"):
        carry_out(squares(work), tmp_path, fingerprint="a", jobs=0)


def test_a_file_is_no_folder(tmp_path: Path, work: Work) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="file cannot be written"):
        carry_out(squares(work), tmp_path / "file", fingerprint="a")
