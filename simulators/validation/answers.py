"""The three questions of a verdict, each answered in a word and a sentence of what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinspike.simulators.registry import label

from .claims import KEPT, Claim, by_simulator, verdict
from .outcome import Outcome, accuracy_gap, wilson

WORDS = {"holds": "held", "fails": "fails", "undecided": "undecided"}
NAMED = 5  # patterns at most


@dataclass(frozen=True)
class Answer:
    """A question, its answer in few words, and what that means and asks for."""

    question: str
    answer: str
    meaning: str
    details: tuple[str, ...] = ()  # of each simulator or run


def answers(outcomes: Sequence[Outcome], claims: Sequence[Claim]) -> list[Answer]:
    """All three, over all simulators.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Nulls among them.
    claims : sequence of Claim
        What `claims` made of them.
    """
    return [lost(claims), needed(outcomes), reached(outcomes)]


def sentence(claims: Sequence[Claim]) -> str:
    """The verdict in a line.

    Parameters
    ----------
    claims : sequence of Claim
    """
    found = verdict(claims)
    these = [c for c in claims if c.verdict == found]
    if found != "holds":
        return f"{WORDS[found]}: " + "; ".join(_said(c) for c in these)
    kept = [c for c in these if c.statement == KEPT]
    if not kept:
        return f"{WORDS[found]}: nothing was certified, so nothing could be lost"
    every = all(c.value == 1 for c in kept)
    said = "no certified state is lost" if every else "certified states are kept"
    return f"{WORDS[found]}: {said} (" + ", ".join(f"{c.simulator} {_count(c)}" for c in kept) + ")"


def lost(claims: Sequence[Claim]) -> Answer:
    """Was a certified state lost? The only failure there is, unless more is asked for."""
    question = "Was a certified state lost?"
    kept = [c for c in claims if c.statement == KEPT]
    where = ", ".join(f"{_count(c)} on {c.simulator}" for c in kept)
    unsound = [c for c in claims if c.interval is None and c.verdict == "fails"]
    if unsound:
        meaning = "; ".join(f"{c.simulator}: {c.value:g} {c.statement}" for c in unsound)
        return Answer(question, "the run does not count", meaning)
    refuted = [c for c in kept if c.exceptions]
    if refuted:
        meaning = "What arithmetic proves did not come true: " + "; ".join(map(_said, refuted))
        return Answer(question, "yes", f"{meaning}. Graph, certificate or simulator is at fault.")
    found = verdict(kept) if kept else "undecided"
    if found == "fails":
        meaning = (
            f"Kept are {where}: too few margins are firm enough for continuous time. Train with a "
            "larger kappa, or rely on firm states alone."
        )
        return Answer(question, "yes", meaning)
    if found == "undecided":
        meaning = "; ".join(_said(c) for c in kept if c.verdict == found)
        return Answer(question, "undecided", f"{meaning} (--patterns, --kept).")
    answer = "no" if all(c.value == 1 for c in kept) else "few, within the bound"
    return Answer(question, answer, f"Kept once the label is gone: {where}.")


def needed(outcomes: Sequence[Outcome]) -> Answer:
    """Are the couplings needed for it? How strong the nulls are, never a failure."""
    question = "Are the couplings needed for it?"
    rows = []
    for own in by_simulator(outcomes):
        runs = {o.run: wilson(o.exact) for o in own if not o.null}
        nulls = [(wilson(o.exact), o) for o in own if o.null and o.run in runs]
        bare = [(null, runs[o.run]) for null, o in nulls if o.null in ("no couplings", "permuted")]
        if not bare:
            continue
        null, intact = max(bare, key=lambda pair: pair[0][0] - pair[1][0])
        said = (
            f"{_where(own)}: {intact[0]:.0%} end exactly in s* with them, {null[0]:.0%} without or "
            "permuted"
        )
        if starts := [null[0] for null, o in nulls if o.null == "random start"]:
            said += f", {max(starts):.0%} from random starts"
        rows.append((all(i[1] > n[2] for n, i in bare), said))
    if not rows:
        return Answer(question, "not asked", "No null was run beside these runs.")
    told = tuple(said for _, said in rows)
    apart = [needs for needs, _ in rows]
    if all(apart):
        return Answer(question, "yes", "Without them far fewer patterns end exactly in s*.", told)
    why = (
        "Input and self-couplings hold these states by themselves, or the patterns are too few to "
        "tell; it is no failure."
    )
    return Answer(question, "not everywhere" if any(apart) else "not shown", why, told)


def reached(outcomes: Sequence[Outcome]) -> Answer:
    """Which certified state was reached: the reference's own or another, and of which class."""
    question = "Which certified state was reached?"
    shown = [o for o in outcomes if not o.null and o.run in ("learned", "free")]
    if not shown:
        return Answer(question, "not asked", "No run had to find a state.")
    own = np.mean(np.concatenate([o.exact for o in shown]))
    texts = []
    for o in shown:
        other = o.certified & ~o.exact
        parts = {
            "the reference's own": o.exact,
            "another of its class": other & o.class_kept,
            "one of another class": other & ~o.class_kept,
            "none": ~o.certified & ~o.exact,
        }
        said = ", ".join(f"{text} {part.mean():.1%}" for text, part in parts.items() if part.any())
        texts.append(f"{_where([o])}, {o.run}: {said}")
        if o.run == "free":
            gap, low, high = accuracy_gap(o)
            right, meant = (
                float(np.mean(c == o.points.labels)) for c in (o.classes, o.reference_classes)
            )
            texts[-1] += (
                f"; accuracy {right:.3f}, the reference's {meant:.3f} "
                f"(difference {0 - gap:+.3f}, {0 - high:+.3f} to {0 - low:+.3f})"
            )
    meaning = "Other certified states are memories of the graph as well; how often is no claim."
    return Answer(question, f"the reference's own in {own:.0%}", meaning, tuple(texts))


def _said(c: Claim) -> str:
    """A claim that does not hold, and why."""
    if c.exceptions:
        more = len(c.exceptions) - NAMED
        names = ", ".join(c.exceptions[:NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"{c.simulator} lost a certified state in {names}"
    if c.interval is None:
        return f"{c.simulator}, {c.value:g} {c.statement}"
    if not c.patterns:
        return f"{c.simulator} came to no certified state"
    asked = f"{'at least' if c.at_least else 'at most'} {c.bound:g}"
    seen = _count(c) if c.at_least else f"{c.value:.3g}"
    said = f"{c.simulator}, {c.statement}: {seen}, asked {asked}"
    return said + (f"; {c.would_decide} patterns would decide" if c.would_decide else "")


def _count(c: Claim) -> str:
    return f"{round(c.value * (c.patterns or 0))} of {c.patterns}"


def _where(outcomes: Sequence[Outcome]) -> str:
    return label(outcomes[0].simulator, outcomes[0].regime)
