"""Names that a file or a caller gives, held against those that are known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from .errors import BadInput

SHOWN = 20  # names in a message


def check_names(
    given: Iterable[str],
    needed: Iterable[str],
    optional: Iterable[str] = (),
    *,
    what: str = "array",
    where: str = "",
) -> None:
    """Refuse a name that is not known or one that is missing; nothing is passed over in silence.

    Parameters
    ----------
    given : iterable of str
        What there is.
    needed, optional : iterable of str
        What there must and what there may be.
    what : str
        What the names stand for.
    where : str
        The file that has them, if it is one.

    Raises
    ------
    BadInput
        It lists what there is, what was expected, and what was probably meant.

    Examples
    --------
    >>> check_names(["J", "J_d"], ["J"], ["J_D"])
    Traceback (most recent call last):
    ...
    spinspike.errors.BadInput: no array is called 'J_d'; allowed: J, J_D; did you mean 'J_D'?
    """
    there, must = list(given), list(needed)
    known = [*must, *(name for name in optional if name not in must)]
    unknown = [name for name in there if name not in known]
    missing = [name for name in must if name not in there]
    if unknown:
        hint = _nearest(unknown[0], [name for name in known if name not in there])
        wrong = f"no {what} is called {unknown[0]!r}; allowed: {_listed(known)}{hint}"
        message = f"{where}: {wrong}" if where else wrong
        raise BadInput(message)
    if missing:
        message = f"{where} has no" if where else "there is no"
        message += f" {what} {missing[0]}; needed: {_listed(must)}; there are: {_listed(there)}"
        raise BadInput(message)


def _nearest(name: str, known: list[str]) -> str:
    lower = {other.lower(): other for other in known}
    found = get_close_matches(name.lower(), lower, n=1)
    return f"; did you mean {lower[found[0]]!r}?" if found else ""


def _listed(names: list[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "") or "none"
