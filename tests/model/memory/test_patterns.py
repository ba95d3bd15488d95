"""Patterns in either notation, and those that nothing can store together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinspike.errors import BadFile, BadInput
from spinspike.model.memory.patterns import patterns_of, read_patterns, refuse_contradictions

SPINS = np.array([[-1, 1, 1, -1], [1, 1, -1, -1]])


def test_both_notations_give_the_same_spins() -> None:
    zeros = patterns_of((SPINS + 1) // 2)
    assert np.array_equal(zeros.states, patterns_of(SPINS).states)
    assert (zeros.values, patterns_of(SPINS).values) == ((0, 1), (-1, 1))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ([[0, 1], [1, 2]], "pattern 1 has 2 at unit 1"),
        ([[0, 1], [-1, 1]], "pattern 0 has 0 at unit 0"),
        ([[1.0, np.nan]], "pattern 0 has nan at unit 1"),
        ([[1], [0]], "shape (2, 1)"),
        (np.zeros((0, 4)), "shape (0, 4)"),
        (["a"], "allowed: numbers"),
    ],
)
def test_what_is_no_pattern_is_named(wrong: object, named: str) -> None:
    with pytest.raises(BadInput) as error:
        patterns_of(wrong)  # type: ignore[arg-type]
    assert named in str(error.value)


@pytest.mark.parametrize("ending", [".npy", ".npz", ".csv"])
def test_files_hold_what_was_written(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"p{ending}"
    if ending == ".npy":
        np.save(file, SPINS)
    elif ending == ".npz":
        np.savez(file, patterns=SPINS, other=np.zeros(2))
    else:
        np.savetxt(file, SPINS, delimiter=",")
    assert np.array_equal(read_patterns(file).states, SPINS)


def test_pictures_are_thresholded_in_the_order_of_their_names(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for name, grey in (("b", [[200, 10], [0, 255]]), ("a", [[0, 255], [128, 0]])):
        image.fromarray(np.array(grey, dtype=np.uint8)).save(tmp_path / f"{name}.png")
    found = read_patterns(tmp_path)
    assert found.states.tolist() == [[-1, 1, 1, -1], [1, -1, -1, 1]]
    assert found.image_shape == (2, 2)


def test_files_that_hold_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.npy").write_bytes(b"no array")
    (tmp_path / "p.csv").write_text("a,b\n")
    np.savez(tmp_path / "two.npz", a=SPINS, b=SPINS)
    for name in ("p.npy", "p.csv", "two.npz", "p.txt", "missing.npy", ""):
        with pytest.raises(BadFile):
            read_patterns(tmp_path / name)


def test_equal_patterns_are_named() -> None:
    with pytest.raises(BadInput, match="patterns 0 and 2 are equal"):
        refuse_contradictions(
            np.array([[1, 1, 1], [1, -1, -1], [1, 1, 1]], dtype=np.int8),
            self_coupling=True, bias=True,
        )  # fmt: skip


def test_contradictions_are_those_that_no_couplings_hold() -> None:
    # All pairs of 4 units against the closed form: the field on a unit is a function of the others.
    every = np.array([[1 if k >> u & 1 else -1 for u in range(4)] for k in range(16)], np.int8)
    for one in range(16):
        for other in range(one + 1, 16):
            states = every[[one, other]]
            rest = [np.delete(states, unit, axis=1) for unit in range(4)]
            same = any((r[0] == r[1]).all() and states[0, u] != states[1, u]
                       for u, r in enumerate(rest))  # fmt: skip
            mirror = any((r[0] == -r[1]).all() and states[0, u] == states[1, u]
                         for u, r in enumerate(rest))  # fmt: skip
            for bias in (False, True):
                expected = same or (mirror and not bias)
                try:
                    refuse_contradictions(states, self_coupling=False, bias=bias)
                    refused = False
                except BadInput:
                    refused = True
                assert refused == expected
            refuse_contradictions(states, self_coupling=True, bias=False)
