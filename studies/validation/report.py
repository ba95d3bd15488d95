"""The report folder: a self-contained page with the verdict first, a summary in JSON and tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinspike.errors import BadFile
from spinspike.mapping import SynapseGraph, to_svg
from spinspike.outputs import filling
from spinspike.simulators import (
    NULLS,
    RUNS,
    Claim,
    Disagreement,
    NotAsked,
    Outcome,
    accuracy,
    agreements,
    answers,
    disagreements,
    sentence,
    verdict,
    wilson,
)
from spinspike.simulators.registry import label
from spinspike.simulators.validation.examples import Example
from spinspike.studies.page.claims import claim_summary
from spinspike.studies.page.folder import write_table
from spinspike.studies.page.template import filled_in, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SHOWN = 10  # disagreements on the page
CAPTIONS = {
    "adjacency": "Every synapse from the neurons of a column to those of a row; of large graphs, "
    "how many there are. Excitatory ones are blue, inhibitory ones red.",
    "weights": "How strong the synapses are: their number by absolute integer weight. Twins, which "
    "receive the same, share a histogram.",
    "learning": "Learning without gradients. Right: another network, whose couplings outweigh its "
    "input, with and without self-couplings and all else equal. Without them far more units leave "
    "the clamped state at the release, and consolidating what is left ruins the accuracy.",
    "comparison": "This network, the same with a part taken out, a strongly recurrent network with "
    "and without self-couplings, and other methods on the same split, which hold no states. With "
    "its couplings not learned the network reads digits nearly as well: this task does not need "
    "what they learn.",
    "images": "Test images and the class read from their free run on the first simulator of the "
    "report (red: wrong).",
    "overlap": "Overlap with the learned fixed point s* while the input is cued, clamped with its "
    "label (shaded) and released: the median over patterns, and a band from 10 to 90 % of them. The nulls run on the same "
    "simulator with the same parameters.",
    "raster": "Every spike of one pattern in continuous time, run alone, around the release (line): "
    "excitatory neurons blue, inhibitory ones red, sorted by their unit's state in s*; a triangle "
    "marks those of a unit that is not in s* at the end. Above: the supervisory input, which is gone afterwards.",
    "nulls": "A latch holds anything, so holding counts only where the nulls fail. Bars are 95 % "
    "intervals (Wilson).",
    "flips": "Units that are not as in s* at the end of learned and cued runs, by their margin in "
    "s*, in units of the reference's field.",
    "stress": "Patterns held (%) at each level of a stress, with a 95 % band; shaded in yellow what "
    "the certificate promises; grey what the graph without couplings holds. One kind a picture: stress/.",
    "margins": "Proof before simulation: a state whose integer margins are all at least 1 is fixed.",
}


@dataclass(frozen=True)
class Report:
    """What a report shows; training, control and comparators only where they were made."""

    graph: SynapseGraph
    mapping: Mapping[str, Any]
    outcomes: Sequence[Outcome]
    claims: Sequence[Claim]
    not_asked: Sequence[NotAsked] = ()
    examples: Sequence[Example] = ()  # a held and a lost pattern, where there are spikes to show
    figures: Mapping[str, Figure] = field(default_factory=dict)  # shown first
    facts: Mapping[str, Any] = field(default_factory=dict)  # into summary.json as they are


def outcome_summary(outcome: Outcome) -> dict[str, Any]:
    """The figures of one trial."""
    exact, low, high = wilson(outcome.exact)
    summary = {
        "simulator": outcome.simulator,
        "regime": outcome.regime,
        "label": label(outcome.simulator, outcome.regime),
        "run": outcome.run,
        "holding_since": outcome.since - outcome.release,
        "null": outcome.null,
        "patterns": len(outcome.points),
        "occupied": float(outcome.occupied.mean()),
        "left": int(outcome.left.sum()),
        "held": float(outcome.held.mean()),
        "exact": exact,
        "exact_low": low,
        "exact_high": high,
        "overlap": float(outcome.overlap[-1].mean()),
        "class_kept": float(outcome.class_kept.mean()),
        "flips": float(outcome.flips.mean()),
    }
    if outcome.regime != "continuous":
        summary["ends_certified"] = float(outcome.certified.mean())
        summary["certified_states_broken"] = int(outcome.broken.sum())
    if outcome.regime == "step":
        summary["same_spikes_as_emulator"] = outcome.like_emulator
    if outcome.run == "free" and not outcome.saw_label:
        labels = outcome.points.labels
        summary["accuracy"] = accuracy(outcome)
        summary["reference_accuracy"] = float((outcome.reference_classes == labels).mean())
    return summary


def validation_summary(
    outcomes: Sequence[Outcome], claims: Sequence[Claim], not_asked: Sequence[NotAsked] = ()
) -> dict[str, Any]:
    """Verdict, outcomes, claims and agreement as JSON takes them."""
    return {
        "verdict": verdict(claims),
        "sentence": sentence(claims),
        "answers": [{**asdict(a), "details": list(a.details)} for a in answers(outcomes, claims)],
        "outcomes": [outcome_summary(o) for o in outcomes],
        "claims": [claim_summary(c) for c in claims],
        "not_asked": [asdict(n) for n in not_asked],
        "agreement": [
            {
                "run": a.run,
                "one": a.one,
                "other": a.other,
                "patterns": len(a.same),
                "same": int(a.same.sum()),
                "interval": list(a.interval[1:]),
            }
            for a in agreements(outcomes)
        ],
    }


def write_report(folder: Path, report: Report) -> dict[str, Any]:
    """Write report.html, summary.json, tables as CSV and figures/; return the summary.

    All of it takes its place at once, when it is complete.
    """
    with filling(folder) as new:
        return _write(new, folder, report)


def _write(new: Path, folder: Path, report: Report) -> dict[str, Any]:
    """Write it into the folder ``new``, with what ``folder`` has of other commands."""
    from .graph_figures import adjacency, weights

    apart = disagreements(report.graph, report.outcomes)
    summary = {
        **report.facts,
        "mapping": dict(report.mapping),
        "validation": validation_summary(report.outcomes, report.claims, report.not_asked),
    }
    own = {"adjacency": adjacency(report.graph), "weights": weights(report.graph)}
    population = to_svg(report.graph)
    shown = {
        "population": population,
        "disagreements": [asdict(d) for d in apart[:SHOWN]],
        "graph_pictures": _pictures(new / "figures", own),
        "pictures": _pictures(new / "figures", _validation_figures(report)),
        "rows": simulator_rows(report.outcomes),
        "stress": _pictures(new / "figures", _stress_figures(folder / "stress/summary.json")),
        "energy": _energy(folder / "energy.json"),
        "more_pictures": _pictures(new / "figures", report.figures),
    }
    (new / "figures" / "population.svg").write_text(population, encoding="utf-8")
    (new / "summary.json").write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n")
    _write_patterns(new / "patterns.csv", report)
    _write_disagreements(new / "disagreements.csv", apart)
    page = filled_in("report.html", summary=summary, **shown, runs=RUNS, nulls=NULLS)
    (new / "report.html").write_text(page, encoding="utf-8")
    return summary


def simulator_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What matters most of each simulator: what stays, what is reached, what the best null holds."""
    rows = []
    for name in dict.fromkeys(label(o.simulator, o.regime) for o in outcomes):
        own = [o for o in outcomes if label(o.simulator, o.regime) == name]
        runs = {o.run: o for o in own if not o.null}
        nulls = [wilson(o.exact) for o in own if o.null]
        rows.append(
            {
                "name": name,
                "held": wilson(runs["cued"].held) if "cued" in runs else None,
                "reached": wilson(runs["learned"].exact) if "learned" in runs else None,
                "null": max(nulls, default=None),
                "broken": None
                if own[0].regime == "continuous"
                else int(sum(o.broken.sum() for o in own)),
            }
        )
    return rows


def _pictures(folder: Path, figures: Mapping[str, Figure]) -> list[dict[str, str]]:
    """Write each figure, and hand it on as the page takes it."""
    return [
        picture(folder, name, figure, CAPTIONS[name.partition("-")[0]])
        for name, figure in figures.items()
    ]


def _validation_figures(report: Report) -> dict[str, Figure]:
    from . import figures

    outcomes, graph = report.outcomes, report.graph
    made = {}
    if any(o.run == "learned" for o in outcomes):
        made["overlap"] = figures.overlap(outcomes)
    for e in report.examples:
        if e.outcome.raster:
            made[f"raster-{e.outcome.simulator}-{e.kind}"] = figures.raster(e, graph)
    if any(o.run in ("learned", "cued") for o in outcomes):
        made["nulls"] = figures.nulls(outcomes)
    # of states that all stayed whole there is nothing to draw
    if not all(o.exact.all() for o in outcomes if not o.null and o.run in ("learned", "cued")):
        made["flips"] = figures.flips_against_margin(outcomes, graph)
    made["margins"] = figures.margins(graph)
    return made


def _stress_figures(summary: Path) -> dict[str, Figure]:
    """The curves that `spinspike stress` left, if it was run."""
    from spinspike.simulators.stress.curve import read_curves
    from spinspike.studies.stress.figures import stress_panels

    if not summary.exists():
        return {}
    return {"stress": stress_panels(read_curves(summary))}


def _energy(file: Path) -> dict[str, Any] | None:
    """What `spinspike energy --json` printed, if it was kept: names of the estimates, and rows."""
    from spinspike.studies.chips.energy import QUANTITIES, scaled

    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text())
        estimates, assumed = found["estimates"], found["assumptions"]
        rows = [
            [text, *(scaled(float(e[what][key]), unit) for e in estimates.values())]
            for what, key, text, unit in QUANTITIES
        ]
        return {"names": list(estimates), "rows": rows, "assumed": list(assumed)}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"{file} is not what `spinspike energy --json` prints: {error!r}"
        raise BadFile(message) from error


def _write_patterns(path: Path, report: Report) -> None:
    """One row per pattern and trial."""
    header = [
        "simulator", "regime", "run", "null", "pattern", "label", "class_of_s_star", "class_at_end",
        "certified", "smallest_integer_margin", "weakest_unit", "occupied", "left", "held", "exact",
        "overlap_at_end", "flips_after_release", "first_flip_after_release",
    ]  # fmt: skip
    rows = []
    for o in report.outcomes:
        columns = (
            o.points.labels, o.reference_classes, o.classes, o.margin >= 1, o.margin, o.weakest,
            o.occupied, o.left, o.held, o.exact, o.overlap[-1], o.flips, o.first_flip,
        )  # fmt: skip
        for number, row in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            cells = ["" if value == math.inf else value for value in row]
            rows.append([o.simulator, o.regime, o.run, o.null, number, *cells])
    write_table(path, header, rows)


def _write_disagreements(path: Path, apart: Sequence[Disagreement]) -> None:
    """One row per pattern that ends in different states on two simulators."""
    header = [
        "run", "pattern", "one", "other", "units_that_differ", "weakest_of_them",
        "integer_margin_of_it_in_s_star", "not_in_s_star",
    ]  # fmt: skip
    rows = ([d.run, d.pattern, d.one, d.other, d.units, d.unit, d.margin, d.left] for d in apart)
    write_table(path, header, rows)
