"""Recall from files: one or more simulators, the verdict, and the files of a report."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators import Claim, Recall, recall, verdict
from spinspike.simulators.registry import Backend
from spinspike.simulators.retrieval.claims import recall_answers, recall_claims
from spinspike.simulators.retrieval.curve import basin, levels
from spinspike.simulators.retrieval.experiment import memories_of
from spinspike.simulators.validation.answers import Answer
from spinspike.studies.files import load
from spinspike.studies.page.claims import claim_summary
from spinspike.studies.page.provenance import how_to_repeat
from spinspike.studies.page.terminal import bar, progress

MAX_LEVELS = 101  # fractions of one run
WORDS = {"holds": "held", "fails": "fails", "undecided": "undecided"}


@dataclass(frozen=True)
class Retrieval:
    """All recalls of a command, and what is said of them."""

    graph: SynapseGraph
    damage: str
    runs: Sequence[Sequence[Recall]]  # for each simulator the graph, its nulls, the reference
    claims: Sequence[Claim]
    answers: Sequence[tuple[str, Answer]]  # with the simulator


def fractions_of(text: str) -> tuple[float, ...]:
    """Fractions from what a command line says.

    Parameters
    ----------
    text : str
        "first:last:step", both ends included, or numbers with commas between them.

    Raises
    ------
    BadInput
        It is neither, or a fraction is outside 0 to 1.

    Examples
    --------
    >>> fractions_of("0:0.2:0.1"), fractions_of("0.3"), fractions_of("0,0.25")
    ((0.0, 0.1, 0.2), (0.3,), (0.0, 0.25))
    """
    try:
        if ":" in text:
            first, last, step = (float(part) for part in text.split(":"))
            if not (0 <= first <= last <= 1 and (last - first) / MAX_LEVELS < step <= 1):
                raise ValueError
            count = int(np.floor((last - first) / step + 1e-9)) + 1
            return tuple(round(first + k * step, 12) for k in range(count))
        found = tuple(float(part) for part in text.split(","))
        if not all(0 <= fraction <= 1 for fraction in found):
            raise ValueError
        return tuple(dict.fromkeys(found))
    except ValueError as error:
        message = (
            f"fractions are {text!r}; allowed: first:last:step (0:0.4:0.05, at most {MAX_LEVELS}) "
            "or numbers with commas (0,0.2), each 0 to 1"
        )
        raise BadInput(message) from error


def retrieved(
    graph: SynapseGraph,
    backends: Sequence[Backend],
    *,
    network: Path | None = None,
    kept: float = 0.9,
    like_reference: float | None = None,
    damage: str = "flip",
    **options: Any,
) -> Retrieval:
    """Recall on every simulator, with a bar each.

    Parameters
    ----------
    graph : SynapseGraph
        With memories.
    backends : sequence of Backend
        Simulators to make.
    network : path, optional
        File of the network that the graph was mapped from.
    kept, like_reference : float
        As for `recall_claims`.
    damage : str
        As for `recall`.
    **options
        Others of `recall`.

    Raises
    ------
    BadInput
        As for `recall`.
    """
    reference = _network(network) if network else None
    stored = len(memories_of(graph))
    runs, claims, answers = [], [], []
    with progress() as bars:
        for backend in backends:
            found = recall(
                graph,
                backend.make(),
                damage=damage,
                network=reference,
                progress=bar(bars, f"{backend.label}: recall"),
                **options,
            )
            own = recall_claims(found, kept=kept, like_reference=like_reference, stored=stored)
            runs.append(found)
            claims += own
            answers += [(backend.label, answer) for answer in recall_answers(found, own)]
    return Retrieval(graph, damage, runs, claims, answers)


def _network(path: Path) -> Any:
    content = load(path)
    if isinstance(content, SynapseGraph):
        message = f"{path} holds a graph; allowed: the network file that it was mapped from"
        raise BadInput(message)
    return content.network


def retrieval_summary(found: Retrieval, graph: Path | None = None) -> dict[str, Any]:
    """Curves, claims and answers as JSON takes them.

    Parameters
    ----------
    found : Retrieval
        What was run.
    graph : path, optional
        File of the graph, for what it takes to repeat it.
    """
    said = verdict(found.claims) if found.claims else "holds"
    summary: dict[str, Any] = {
        "damage": found.damage,
        "runs": [
            {
                "simulator": one.simulator,
                "regime": one.regime,
                "null": one.null,
                "spikes_unlike_emulator": one.unlike_emulator,
                "basin": basin(levels(one)),
                "levels": [asdict(level) for level in levels(one)],
            }
            for run in found.runs
            for one in run
        ],
        "answers": [{"simulator": name, **asdict(answer)} for name, answer in found.answers],
        "claims": [claim_summary(claim) for claim in found.claims],
        "verdict": said,
        "sentence": sentence(found),
    }
    if graph is not None:
        summary["repeat"] = how_to_repeat(graph, sys.argv[1:])
    return dict(json.loads(json.dumps(summary)))


def sentence(found: Retrieval) -> str:
    """The verdict in a line.

    Parameters
    ----------
    found : Retrieval
        What was run.
    """
    parts = []
    for run in found.runs:
        best, worst = basin(levels(run[0])), levels(run[0])[-1]
        reach = f"up to {100 * best:.0f} % damage" if best is not None else "at no level"
        parts.append(
            f"{run[0].simulator} recalls 90 % or more {reach}, {100 * worst.recalled:.1f} % at "
            f"{100 * worst.fraction:.0f} %"
        )
    said = verdict(found.claims) if found.claims else "holds"
    if not found.claims:
        return "nothing asked: " + "; ".join(parts)
    wrong = [c for c in found.claims if c.verdict != "holds"]
    if wrong:
        parts = [
            f"{c.statement} on {c.simulator}: {c.value:.4g} (asked {c.bound:g})" for c in wrong
        ]
    return f"{WORDS[said]}: " + "; ".join(parts)
