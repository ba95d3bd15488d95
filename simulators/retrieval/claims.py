"""The verdict of a recall: was a certified memory lost, are the couplings needed, what was recalled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinspike.simulators.validation.answers import Answer
from spinspike.simulators.validation.claims import KEPT, Claim
from spinspike.wilson import wilson_interval

from .curve import basin, levels, share_of
from .experiment import REFERENCE, Recall

AS_REFERENCE = "cues recalled, of those the reference recalls"
PROVED = "cues recalled, of those proved to be"
EXACT = ("step", "asynchronous")  # regimes in which a certificate is a proof
NAMED = 5  # memories at most


def recall_claims(
    found: Sequence[Recall], *, kept: float, like_reference: float | None, stored: int
) -> list[Claim]:
    """What is held against a bound.

    Parameters
    ----------
    found : sequence of Recall
        Of one simulator, its nulls and the reference.
    kept : float
        Asked of certified memories that start undamaged; where all that are stored were run, none
        is left to be told of by an interval.
    like_reference : float, optional
        Asked of the cues that the reference recalls; None: told only.
    stored : int
        Memories that the graph has.
    """
    own = found[0]
    whole = (own.fraction == 0) & own.certified
    claims = []
    if whole.any():
        share, count = share_of(own.recalled[whole], own.memory[whole])
        lost = np.unique(own.memory[whole & ~own.recalled])
        named = tuple(f"memory {number}" for number in lost[:NAMED])
        every = len(np.unique(own.memory)) == stored
        claims.append(
            Claim(
                own.simulator,
                KEPT,
                share,
                kept,
                at_least=True,
                interval=None if every else wilson_interval(share, count),
                patterns=None if every else count,
                exceptions=named if own.regime in EXACT else (),
            )
        )
    if own.proved.any() and own.regime in EXACT:
        failed = np.unique(own.memory[own.proved & ~own.recalled])
        claims.append(
            Claim(
                own.simulator,
                PROVED,
                float(own.recalled[own.proved].mean()),
                1.0,
                at_least=True,
                exceptions=tuple(f"a cue of memory {number}" for number in failed[:NAMED]),
            )
        )
    if own.unlike_emulator:
        claims.append(
            Claim(own.simulator, "spikes unlike the emulator's", own.unlike_emulator, 0, False)
        )
    compared = as_reference(found)
    if compared is not None and like_reference is not None:
        share, count = compared
        interval = wilson_interval(share, count)
        claims.append(
            Claim(own.simulator, AS_REFERENCE, share, like_reference, True, interval, count)
        )
    return claims


def as_reference(found: Sequence[Recall]) -> tuple[float, int] | None:
    """Share of the cues that the reference recalls which the graph recalls, and the memories.

    Parameters
    ----------
    found : sequence of Recall
        As `recall` gives them; None where no reference was run, or it recalled nothing.
    """
    reference = next((f for f in found if f.null == REFERENCE), None)
    if reference is None or not reference.recalled.any():
        return None
    rows = reference.recalled
    return share_of(found[0].recalled[rows], found[0].memory[rows])


def recall_answers(found: Sequence[Recall], claims: Sequence[Claim]) -> list[Answer]:
    """The three questions, answered.

    Parameters
    ----------
    found : sequence of Recall
        As `recall` gives them.
    claims : sequence of Claim
        As `recall_claims` gives them.
    """
    return [_lost(found[0], claims), _needed(found), _reached(found)]


def _lost(own: Recall, claims: Sequence[Claim]) -> Answer:
    question = "Was a certified memory lost?"
    kept = [c for c in claims if c.statement == KEPT]
    if not kept:
        why = "no cue was undamaged" if own.certified.any() else "no memory is certified"
        return Answer(question, "not asked", f"{why.capitalize()}, so none could be lost.")
    whole = (own.fraction == 0) & own.certified
    count = len(np.unique(own.memory[whole]))
    said = f"{int(own.recalled[whole].sum())} of {int(whole.sum())} runs from certified memories"
    if kept[0].exceptions:
        meaning = f"What arithmetic proves did not come true: {', '.join(kept[0].exceptions)}."
        return Answer(question, "yes", meaning)
    word = {"holds": "no", "fails": "yes", "undecided": "too few to tell"}[kept[0].verdict]
    return Answer(question, word, f"{said} stay ({count} memories).")


def _needed(found: Sequence[Recall]) -> Answer:
    question = "Are the couplings needed?"
    nulls = [f for f in found if f.null not in ("", REFERENCE)]
    if not nulls:
        return Answer(question, "not asked", "No null was run.")
    own = {level.fraction: level for level in levels(found[0])}
    parts, apart, far = [], True, max(own)
    for null in nulls:
        curve = {level.fraction: level for level in levels(null)}
        far = max(own, key=lambda f: (own[f].recalled - curve[f].recalled, f))
        most = max(level.recalled for level in curve.values())
        apart &= own[far].interval[0] > curve[far].interval[1]
        parts.append(f"{null.null} at most {100 * most:.1f} %")
    meaning = f"Recalled by nulls: {', '.join(parts)}."
    return Answer(question, "yes" if apart else "not shown", meaning)


def _reached(found: Sequence[Recall]) -> Answer:
    question = "What was recalled?"
    own = levels(found[0])
    best = basin(own)
    worst = own[-1]
    meaning = (
        f"At {100 * worst.fraction:.0f} % damage {100 * worst.recalled:.1f} % of the cues "
        f"({100 * worst.interval[0]:.0f} to {100 * worst.interval[1]:.0f})"
    )
    if (compared := as_reference(found)) is not None:
        share, count = compared
        low, high = wilson_interval(share, count)
        meaning += (
            f"; of those that the reference recalls, {100 * share:.1f} % "
            f"({100 * low:.1f} to {100 * high:.1f}, {count} memories)"
        )
    details = (_proved(found[0]),)
    if best is None:
        return Answer(question, "less than 90 % at the least damage", f"{meaning}.", details)
    answer = f"at least 90 % up to {100 * best:.0f} % damage"
    return Answer(question, answer, f"{meaning}.", details)


def _proved(own: Recall) -> str:
    """How many cues arithmetic alone sends home, and up to which damage all of them."""
    every = [f for f in np.unique(own.fraction) if own.proved[own.fraction == f].all()]
    said = f"proved to come home before any run: {int(own.proved.sum())} of {len(own.proved)} cues"
    return said + (f", all of them up to {100 * max(every):.0f} % damage" if every else "")
