"""The page of a recall report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spinspike.simulators.retrieval.cues import DAMAGES
from spinspike.simulators.retrieval.curve import levels
from spinspike.simulators.retrieval.experiment import NULLS, REFERENCE, memories_of
from spinspike.studies.page.folder import write_table
from spinspike.studies.page.template import filled_in, picture
from spinspike.studies.page.terminal import percent

from . import figures as draw
from .run import Retrieval
from .tables import UNITS

WORDS = {
    "cue": "a damaged memory, forced for the cue phase alone; then nothing is forced",
    "recalled": "the state at the end is the memory, in every unit. The 95 % interval is "
    "Wilson's, of as many trials as there are distinct memories, whatever the number of cues",
    "overlap": "mean product of the spins of two states: 1 the same, 0 unrelated, -1 opposite",
    "time": "median moment since when recalled cues stay what they are",
    **{f"null: {name}": text for name, text in NULLS.items()},
    REFERENCE: "the network that was mapped, swept synchronously from the same cues",
}


def page(figures: Path, found: Retrieval, summary: dict[str, Any]) -> str:
    """Draw all figures into a folder and fill in the page.

    Parameters
    ----------
    figures : Path
        Folder for them; it is made.
    found : Retrieval
        What was run.
    summary : dict
        As `retrieval_summary` gives it.
    """
    memories = memories_of(found.graph)
    sections = []
    for number, run in enumerate(found.runs):
        own = run[0]
        shown = [picture(figures, f"curves{number}", draw.curves(run), _caption(own.damage))]
        if shape := _shape(found):
            drawn = draw.pictures(own, memories.states, shape)
            text = "Memories; at each fraction a cue (above) and what came of it (below)."
            shown.append(picture(figures, f"recalled{number}", drawn, text))
        said = " ".join(
            " ".join((f"{a.question} {a.answer}: {a.meaning}", *a.details))
            for name, a in found.answers
            if name == own.simulator
        )
        sections.append(
            {"title": own.simulator, "pictures": shown, "tables": [_table(run)], "text": said}
        )
    graph = found.graph
    return filled_in(
        "explore.html",
        title=f"Recall: {summary['sentence']}",
        lead=f"{len(memories)} memories of {graph.units} units on {graph.neurons} neurons, "
        f"{graph.encoding}, {graph.weight_bits} bits. {_caption(found.damage)}",
        cards=[{"value": a.answer, "text": f"{name}: {a.question}"} for name, a in found.answers],
        sections=sections,
        words=WORDS,
        repeat=summary.get("repeat"),
    )


def _caption(damage: str) -> str:
    return f"Cues are memories of which {DAMAGES[damage]}."


def _shape(found: Retrieval) -> tuple[int, int] | None:
    """Rows and columns of the memories as pictures; None if they are none."""
    shape = found.graph.provenance.get("image_shape")
    fits = (
        isinstance(shape, list)
        and len(shape) == 2
        and all(isinstance(n, int) for n in shape)
        and shape[0] * shape[1] == found.graph.units
    )
    return (shape[0], shape[1]) if fits and shape else None


def _table(run: Any) -> dict[str, Any]:
    others = [levels(one) for one in run[1:]]
    rows = [
        [
            percent(v.fraction),
            f"{percent(v.recalled)} ({100 * v.interval[0]:.0f} to {100 * v.interval[1]:.0f})",
            f"{v.overlap:.3f}",
            "" if v.time is None else f"{v.time:g} {UNITS[run[0].regime]}",
            *(percent(curve[k].recalled) for curve in others),
        ]
        for k, v in enumerate(levels(run[0]))
    ]
    columns = ["damaged", "recalled (95 %)", "overlap", "time", *(one.null for one in run[1:])]
    return {"title": "by damage", "folded": False, "columns": columns, "rows": rows}


def write(folder: Path, found: Retrieval, summary: dict[str, Any]) -> None:
    """Write report.html, summary.json, recall.csv, cues.csv and figures/.

    Parameters
    ----------
    folder : Path
        An empty one.
    found : Retrieval
        What was run.
    summary : dict
        As `retrieval_summary` gives it.
    """
    (folder / "summary.json").write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n")
    columns = (
        "simulator", "null", "fraction", "memories", "cues", "recalled", "low", "high", "overlap",
        "cue_overlap", "time",
    )  # fmt: skip
    rows = [
        [
            one.simulator, one.null, v.fraction, v.memories, v.cues, v.recalled, *v.interval,
            v.overlap, v.cue_overlap, v.time,
        ]
        for run in found.runs for one in run for v in levels(one)
    ]  # fmt: skip
    write_table(folder / "recall.csv", columns, rows)
    names = ("fraction", "memory", "certified", "cue_overlap", "overlap", "recalled", "since")
    cues = [
        [one.simulator, one.null, *values]
        for run in found.runs
        for one in run
        for values in zip(*(getattr(one, name).tolist() for name in names), strict=True)
    ]
    write_table(folder / "cues.csv", ("simulator", "null", *names), cues)
    html = page(folder / "figures", found, summary)
    (folder / "report.html").write_text(html, encoding="utf-8")
