"""The page of `explore` about one network and those it is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.model.landscape.studies.survey import MAX_CLUSTER
from spinspike.studies.page.template import filled_in, picture

from . import network_figures as draw
from .network import NO_INPUT, PAIRS_OF, Asked, Subject
from .network_findings import (
    AROUND_COLUMNS,
    COUNT_COLUMNS,
    FINDING_COLUMNS,
    Around,
    Finding,
    around_cells,
    count_cells,
    finding_cells,
)
from .sweep_page import html_table, section
from .sweep_tables import grouped

WORDS = {
    "converged": "came to a state in which every unit agrees with its field, within the limit of "
    "sweeps. The 95 % interval is Wilson's, of as many trials as there are images; without input, "
    "as there are starts",
    "asynchronous, synchronous": "units follow their fields one after another in random order, or "
    "all at once",
    "cycles": "runs that went round a cycle of two or more states; only synchronous ones can, and "
    "cycles longer than the limit are not seen",
    "different": "fixed points that are not the same, by runs that converged under the same input",
    "overlap": "mean product of the spins of two states: 1 the same, 0 unrelated, -1 opposite",
    "with file's, ends in it": "overlap of states reached with the state that the file holds for "
    "the image; share of the runs that converge which end in that very state",
    "held": "share of the states of the file that are fixed points of this network. Strong "
    "self-couplings alone hold any state, yet hardly a random state ends in it",
    "permuted": "the same couplings dealt to other partners, unit by unit (--fresh): what it shows as "
    "well is not what learning made",
    "cluster, larger": "median number of fixed points joined by such moves; share of those that are "
    "larger than was looked for",
    "±": "one standard error over images; without input, over starts or states of one network",
}


@dataclass(frozen=True)
class NetworkReport:
    """All that a page about one network shows."""

    subjects: Sequence[Subject]
    asked: Asked
    results: Mapping[str, Mapping[str, NDArray[Any]]]
    rows: Sequence[Finding]
    around: Sequence[Around]
    counts: Sequence[Mapping[str, Any]]


def network_page(figures: Path, report: NetworkReport, repeat: Any) -> str:
    """Draw all figures of one network into a folder, and fill in the page."""
    first, asked = report.subjects[0], report.asked
    images = ", ".join(f"{len(v)} {name}" for name, v in first.fields.items() if name != NO_INPUT)
    lead = (
        f"{first.network.units} units, without input" + (f" and under {images}" if images else "")
        + f", each started from {asked.starts} random states and followed for up to {asked.limit} "
        "sweeps. The supervisory signal is off throughout."
    )  # fmt: skip
    if not any(subject.name.endswith("permuted") for subject in report.subjects):
        lead += " What of it learning made, the same couplings in disorder would tell (--fresh)."
    endings = picture(figures, "endings", draw.endings(report.rows), "What random states come to.")
    overlaps = picture(
        figures, "overlaps", draw.overlaps(report.subjects, asked.orders[0], report.results),
        f"States that {asked.orders[0]} runs come to: without input their overlap with each other, "
        "under an image their overlap with the fixed point that the file holds for it (1: the same).",
    )  # fmt: skip
    sections = [
        section("Where random states end", [endings, overlaps],
                html_table("", FINDING_COLUMNS, grouped([finding_cells(r) for r in report.rows]))),
    ]  # fmt: skip
    if report.around:
        caption = (
            "Fixed points that differ from a given one in one and in two units, and how many can "
            "be reached from it by moves of up to two flips (of one in networks of more than "
            f"{PAIRS_OF} units) through fixed points alone, as far as "
            f"looked for ({MAX_CLUSTER}); bars of 95 % over images."
        )
        shown = picture(figures, "around", draw.around(report.around), caption)
        cells = html_table("", AROUND_COLUMNS, grouped([around_cells(a) for a in report.around]))
        sections.append(section("What lies around them", [shown], cells))
    cells = html_table("", COUNT_COLUMNS, grouped([count_cells(c) for c in report.counts]))
    text = (
        "Σ is ln of the number of fixed points per unit, by Bethe's approximation, over inputs "
        "whose messages settle. Counted: all of them, in networks of few units; the mean over "
        "inputs."
    )
    sections.append(section("How many there are", [], cells, text=text))
    return filled_in(
        "explore.html", title=network_title(report.rows), lead=lead, cards=_ends(report.rows),
        sections=sections, words=WORDS, repeat=repeat,
    )  # fmt: skip


def network_title(rows: Sequence[Finding]) -> str:
    """The finding of the first network in one sentence."""
    first = [r for r in rows if (r.subject, r.order) == (rows[0].subject, rows[0].order)]
    said = [f"{100 * r.converged:.0f} % of runs {_under(r.condition)}" for r in first]
    return f"{rows[0].subject}: random states come to a fixed point in {', '.join(said)}"


def _under(condition: str) -> str:
    return "without input" if condition == NO_INPUT else f"under {condition}"


def _ends(rows: Sequence[Finding]) -> list[dict[str, str]]:
    """How far the states of the file are found again by each network, under training images."""
    told = [r for r in rows if r.order == rows[0].order and not np.isnan(r.known_held)]
    told = [r for r in told if r.condition == told[0].condition]
    return [
        {
            "value": f"{100 * r.known_held:.0f} %",
            "text": f"of the states that the first file holds for {r.condition} are fixed points of "
            f"{r.subject}; {_found_again(r)}",
        }
        for r in told
    ]


def _found_again(row: Finding) -> str:
    if np.isnan(row.known_reached):
        return "no random state comes to a fixed point"
    return f"random states end in them in {100 * row.known_reached:.0f} % of runs that converge"
