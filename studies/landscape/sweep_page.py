"""The page of `explore`: which figures and tables, in which order, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.studies.page.template import filled_in, picture

from .cluster_figures import STRONGEST, clusters
from .reached import EXACT, KINDS, Nearby
from .sweep import SYMBOLS, SweepFindings, sweep_title
from .sweep_tables import ROW_COLUMNS, edge_cells, edge_columns, grouped, row_cells, with_error

Section = dict[str, Any]
WORDS = {
    "J_D, λ": "self-coupling of every unit; strength of the one-to-one links between two modules",
    "converged": "came to a state in which every unit agrees with its field, within the limit of "
    "sweeps. Fractions are of all runs; their 95 % interval is Wilson's of as many independent "
    "runs as would scatter as the networks do",
    "asynchronous, synchronous": "units follow their fields one after another in random order, or "
    "all at once",
    "cycles": "runs that went round a cycle of two or more states; only synchronous ones can, and "
    "cycles longer than the limit are not seen",
    "threshold": "where half of the runs converge, by monotone interpolation; its error is the "
    "standard error over networks (bootstrap), to which the distance of the levels adds what "
    "interpolation misses",
    "not sure": "of a threshold: in more than 5 % of the bootstrap it lies outside the levels",
    "overlap": "mean product of the spins of two states: 1 the same, 0 unrelated, -1 opposite",
    "Σ": "complexity: ln of the mean number of fixed points, per unit, by the closed form",
    "larger, joined": "share of clusters that are larger than was looked for; share of networks in "
    "which single flips lead from one reached fixed point to another, through fixed points alone",
    "±": "one standard error over networks; bands in figures are 95 %",
}


def section(title: str, pictures: Sequence[Any], *tables: Any, text: str = "") -> Section:
    """One part of a page."""
    return {"title": title, "pictures": pictures, "tables": tables, "text": text}


def html_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, folded: bool = False
) -> dict[str, Any]:
    """A table as the page takes it."""
    return {"title": title, "columns": columns, "rows": rows, "folded": folded}


@dataclass(frozen=True)
class SweepReport:
    """All that a page about random networks shows."""

    sweep: SweepFindings
    algorithms: SweepFindings | None
    nearby: Sequence[Nearby]


def sweep_page(figures: Path, report: SweepReport, repeat: Any) -> str:
    """Draw all figures of a sweep into a folder, and fill in the page."""
    found, sweep = report.sweep, report.sweep.sweep
    modules = "two modules linked by λ" if sweep.modules == 2 else "one module"
    lead = (
        f"Random networks of {modules}, couplings J_ij ~ N(0, 1/H): {sweep.networks} networks of "
        f"each size, each started from {sweep.starts} random states and followed for up to "
        f"{sweep.limit} sweeps; all units must come to rest. Fixed points exist in exponential "
        "number for any self-coupling or link above 0; what is asked here is where dynamics find "
        "any."
    )
    return filled_in(
        "explore.html",
        title=sweep_title(found),
        lead=lead,
        cards=_cards(found),
        sections=[
            *_sweep_sections(figures, found),
            *_more_sections(figures, report),
            _in_full(found),
        ],
        words=WORDS,
        repeat=repeat,
    )


def _cards(found: SweepFindings) -> list[dict[str, str]]:
    """Thresholds of the largest networks along their first line."""
    symbol, other = SYMBOLS[found.along]
    largest, beside = max(found.sweep.units), found.beside[0]
    where = f", {other} {beside:g}" if len(found.beside) > 1 else ""
    cards = []
    for order in found.sweep.orders:
        edge = found.edge(largest, order, beside)
        if edge is not None:
            value = f"{edge.level:.3f} ± {edge.error:.3f}" if edge.found else "none"
            text = f"{symbol} at which half of the {order} runs converge, H {largest}{where}"
            cards.append({"value": value, "text": text + (f": {edge.says}" if edge.says else "")})
    return cards


def _sweep_sections(folder: Path, found: SweepFindings) -> list[Section]:
    from . import sweep_figures as draw

    sweep = found.sweep
    other = SYMBOLS[found.along][1]
    lines = len(found.sweep.points) > len(found.beside) * len(sweep.orders) * len(sweep.units)
    plane = len(sweep.self_couplings) > 1 and len(sweep.links) > 1

    def shown(name: str, caption: str) -> dict[str, str]:
        return picture(folder, name, getattr(draw, name)(found), caption)

    here = f" Here {other} is {found.beside[0]:g}." if len(found.beside) > 1 else ""
    parts = []
    if plane:
        caption = (
            "Runs that converge, in the largest networks: blue none, orange all. Lines: where half "
            "of them do, one for each size; dotted: how many fixed points theory expects, as "
            "exp(Σ) per unit. Between the first dotted line and the edge they exist in "
            "exponential number, and dynamics do not find them."
        )
        if any(r.cycles > 0.5 and r.link for r in found.rows):
            caption += (
                " Modules that are linked strongly and move at once swap their states for ever: "
                "cycles of two, which count as not converged."
            )
        parts.append(section("Phase picture", [shown("phase", caption)]))
    if lines:
        pictures = [
            shown("convergence", f"Fraction of runs that converge, with 95 % intervals.{here}"),
            shown("sweeps", "Sweeps that runs took which converged: they take longer the nearer "
                  "the edge, and those that took longer than the limit are not among them."),
            shown("start_overlap", "Overlap of the fixed point with the state the run started "
                  "from: strong self-couplings keep what they are given."),
        ]  # fmt: skip
        parts.append(section("Convergence", pictures))
    if found.edges:
        pictures = [
            shown("complexity", "What theory expects (lines), and from where on half of the runs "
                  "in the largest networks converge (points, 95 %).")
        ]  # fmt: skip
        if found.laws:
            caption = (
                "The threshold against the size, for runs of as many sweeps as the limit allows: "
                "longer ones converge a little earlier. A line, J_∞ + a H^(-b), is drawn only where "
                "the sizes determine one, and J_∞ is an extrapolation; errors of 95 %."
            )
            pictures.insert(0, shown("scaling", caption))
        cells = html_table("", edge_columns(found), edge_cells(found))
        parts.append(section("Where convergence sets in", pictures, cells))
    if any(values.size > 50 for values in found.overlaps.values()):
        caption = (
            "Overlaps between fixed points that runs of one network came to, from independent "
            "starts, in the largest networks; dotted: what unrelated states have." + here
        )
        parts.append(
            section("How the states reached lie to each other", [shown("overlaps", caption)])
        )
    return parts


def _more_sections(folder: Path, report: SweepReport) -> list[Section]:
    """Other algorithms, and what lies around the states that are reached."""
    from . import reached_figures as draw

    parts = []
    if report.algorithms:
        caption = (
            "Runs of each algorithm from the same starts that find a fixed point within the limit, "
            "and after how many sweeps (iterations of the messages, for the reinforced ones)."
        )
        shown = picture(folder, "algorithms", draw.algorithms(report.algorithms), caption)
        parts.append(section("What else reaches them", [shown]))
    if report.nearby:
        caption = (
            "Fixed points at a Hamming distance from states that dynamics reach (one for each "
            "network), from typical ones, drawn from all fixed points alike, and from random states "
            "given the margins of reached ones: what these share with the reached follows from how "
            f"firmly they hold and nothing else. Exact up to {EXACT} flips, sampled beyond; bars "
            "of 95 % over networks. Clusters are what single flips lead to through fixed points alone, "
            "and joined is the share of networks in which they lead from one reached state to "
            "another, as far as looked for."
        )
        shown = picture(folder, "nearby", draw.nearby(report.nearby), caption)
        rows = [
            [
                f"J_D {n.self_coupling:g}: {KINDS[n.kind]}",
                str(n.networks),
                *(with_error(n.count[k], n.error[k], 1) for k in range(min(EXACT, len(n.count)))),
                f"{n.theory[0]:.1f}" if n.kind == "typical" else "-",
                f"{n.cluster:g}",
                f"{n.capped:.2f}",
                with_error(n.weak, n.weak_error),
                "-" if np.isnan(n.joined) else f"{n.joined:.2f}",
            ]
            for n in report.nearby
        ]
        columns = (
            "states", "networks", "1 flip away", "2 flips away", "1 flip, closed form",
            "median cluster", "larger", "margins below .1", "joined",
        )  # fmt: skip
        cells = html_table("", columns, grouped(rows))
        parts.append(section("Reached and typical states", [shown], cells))
    levels = [x for x in report.sweep.sweep.self_couplings if x <= STRONGEST]
    if len(levels) > 1:
        caption = (
            "Growth of the number of fixed points within a cluster, for the densest clusters whose "
            "mean number does not vanish, by as many replicas as that takes (up to 100), without "
            "link. Below 0 there are none; above it this first moment allows them, and does not "
            "prove them."
        )
        drawn = clusters(levels)
        parts.append(
            section("How dense they may lie", [picture(folder, "clusters", drawn, caption)])
        )
    return parts


def _in_full(found: SweepFindings) -> Section:
    cells = [row_cells(r) for r in found.rows]
    table = html_table("Everything, place by place", ROW_COLUMNS, cells, folded=True)
    return section("In full", [], table)
