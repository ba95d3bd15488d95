"""Names that are not known or missing are refused, with what was probably meant."""

from __future__ import annotations

import re

import pytest

from spinspike.errors import BadInput
from spinspike.spelling import check_names


def test_what_is_known_and_complete_passes() -> None:
    check_names(["a", "b"], ["a"], ["b", "c"])
    check_names([], [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["i", "lable"], "no input is called 'lable'; allowed: i, label; did you mean 'label'?"),
        (["i", "label", "z"], "no input is called 'z'; allowed: i, label"),
        (["i", "labels", "label"], "no input is called 'labels'; allowed: i, label"),
        (["i"], "there is no input label; needed: i, label; there are: i"),
        ([], "there is no input i; needed: i, label; there are: none"),
    ],
)
def test_what_is_not_is_named(given: list[str], message: str) -> None:
    with pytest.raises(BadInput, match=f"^{re.escape(message)}$"):
        check_names(given, ["i", "label"], what="input")


def test_the_file_is_named_and_long_lists_are_cut() -> None:
    with pytest.raises(BadInput, match=r"^f\.npz: no array is called 'x'; .* n19 and 10 more$"):
        check_names(["x"], [f"n{k}" for k in range(30)], where="f.npz")
    with pytest.raises(BadInput, match=r"^f\.npz has no array a; needed: a; there are: none$"):
        check_names([], ["a"], where="f.npz")
