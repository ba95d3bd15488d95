"""What the options of `explore` mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinspike.model.landscape.studies.sweep import ParameterScan

MAX_VALUES = 200  # values of one range


def cores() -> int:
    """Processes to run at a time where nothing is said: one for each core, if Dask is there."""
    import os
    from importlib.util import find_spec

    return (os.cpu_count() or 1) if find_spec("dask") else 1


def closest(units: Sequence[int], wished: int = 100) -> int:
    """The size for what is done at one size only."""
    return min(units, key=lambda h: abs(h - wished))


def asked(self_coupling: str, link: str, units: str, orders: str, **options: int) -> ParameterScan:
    """The sweep that the command line asks for.

    Raises
    ------
    BadInput
        Something of it is not allowed.
    """
    from spinspike.model.landscape.studies.sweep import ParameterScan

    return ParameterScan(
        numbers("self-coupling", self_coupling),
        numbers("link", link),
        tuple(int(h) for h in numbers("units", units, whole=True)),
        tuple(part.strip() for part in orders.split(",")),
        **options,
    )


def numbers(name: str, text: str, *, whole: bool = False) -> tuple[float, ...]:
    """Numbers with commas between them, or first:last:step with both ends.

    Examples
    --------
    >>> numbers("link", "0.3:0.6:0.1"), numbers("link", "0,1.5")
    ((0.3, 0.4, 0.5, 0.6), (0.0, 1.5))
    """
    from math import floor, isfinite

    from spinspike.errors import BadInput

    found: list[float] = []
    try:
        for part in text.split(","):
            values = [float(value) for value in part.split(":")]
            first, last, step = values if len(values) > 1 else (values[0], values[0], 1.0)
            count = floor((last - first) / step + 1e-9) + 1
            if count < 1 or step <= 0:
                raise ValueError
            found += [round(first + k * step, 10) for k in range(min(count, MAX_VALUES + 1))]
        if not all(map(isfinite, found)) or (whole and any(v % 1 for v in found)):
            raise ValueError
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        kind = "whole numbers" if whole else "numbers"
        message = f"{name} is {text!r}; allowed: {kind} with commas, or first:last:step"
        raise BadInput(message) from error
    if len(found) > MAX_VALUES:
        message = f"{name} {text!r} is more than {MAX_VALUES} values; allowed: fewer"
        raise BadInput(message)
    return tuple(found)
