"""The tree drawn at the top of errors.py is the tree there is."""

from __future__ import annotations

import pytest

from spinspike import errors


@pytest.mark.parametrize(
    ("child", "parents"),
    [
        (errors.SpinspikeError, (Exception,)),
        (errors.BadInput, (errors.SpinspikeError, ValueError)),
        (errors.BadFile, (errors.BadInput,)),
        (errors.OutOfRange, (errors.BadInput,)),
        (errors.MissingPart, (errors.SpinspikeError, ImportError)),
        (errors.SimulationFailed, (errors.SpinspikeError, RuntimeError)),
    ],
)
def test_each_error_has_the_parents_that_are_drawn(
    child: type[Exception], parents: tuple[type[Exception], ...]
) -> None:
    assert child.__bases__ == parents
    drawing = errors.__doc__ or ""
    assert child.__name__ in drawing


def test_every_error_is_drawn_and_descends_from_one() -> None:
    found = [e for e in vars(errors).values() if isinstance(e, type)]
    assert len(found) == 6
    assert all(issubclass(e, errors.SpinspikeError) for e in found)
