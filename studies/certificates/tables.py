"""Certificates as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from spinspike.studies.page.terminal import table

LABELS = {
    "margin": "smallest integer margin",
    "single": "single flips corrected in one step, fraction",
    "double": "pairs of flips corrected in one step, fraction",
    "radius": "any so many flips corrected in one step",
    "noise": "any relative error of all synapses up to",
    "gaussian": "random relative error, deviation at 1 % risk",
    "lost": "any so many synapses lost",
    "lost_single": "single synapses that may be lost, fraction",
    "dead": "single neurons that may die, fraction",
    "scale_low": "all synapses scaled together, from",
    "scale_high": "all synapses scaled together, up to",
    "smallest_bits": "fewest bits that hold it (9: more than 8)",
}
ATTACKS = {
    "single": "single flips, fraction: certain, in one step, in 50",
    "double": "pairs of flips, fraction: certain, in one step, in 50",
    "radius": "flips, bound over first failure",
    "noise": "relative error, bound over first failure",
    "lost": "lost synapses, bound over first failure",
    "scale_low": "smaller scale, bound over first failure",
    "scale_high": "larger scale, bound over first failure",
}


def certificate_tables(summary: Mapping[str, Any]) -> list[Table]:
    """One table of bounds for each run, one of attacks if there were any, and the notes."""
    tables = []
    for run, found in summary.items():
        title = f"{run}: {found['certified']} of {found['fixed_points']} are fixed for certain"
        bounds = [
            [words, *(_number(found["bounds"][name][k]) for k in ("min", "median", "max"))]
            for name, words in LABELS.items()
            if name in found["bounds"]
        ]
        if bounds:
            tables.append(
                table(title + "; those withstand", "", "least", "median", "most", rows=bounds)
            )
        if "attack" in found:
            tables.append(_attack_table(run, found["attack"]))
    notes = [[f"{run}: {words}"] for run, found in summary.items() for words in found["vacuous"]]
    return [*tables, table("Where the bounds promise nothing", "", rows=notes or [["nowhere"]])]


def _attack_table(run: str, found: Mapping[str, Any]) -> Table:
    rows = []
    for name, words in ATTACKS.items():
        if name in found["tightness"]:
            cell = _number(found["tightness"][name], "no failure found")
        else:
            kinds = (f"{name}_certain", name, f"{name}_later")
            cell = ", ".join(_number(found["corrected"].get(kind)) for kind in kinds)
        rows.append([words, cell])
    rows.append(["certified cases that failed", str(found["unsound"])])
    return table(
        f"{run}: attacks (mean fractions, median ratios; 1: the bound is tight)", "", "", rows=rows
    )


def _number(value: float | None, otherwise: str = "no limit") -> str:
    return otherwise if value is None else f"{value:.4g}"
