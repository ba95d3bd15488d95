"""Summaries as tables for the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from rich.table import Table

from spinspike.studies.page.terminal import interval, percent, table


def mapping_tables(summary: dict[str, Any]) -> list[Table]:
    """What the graph consists of, and what is certified."""
    parts = table(
        f"{summary['neurons']} neurons, {summary['synapses']:,} synapses, "
        f"{summary['weight_bits']}-bit weights, encoding {summary['encoding']}",
        "projection",
        "synapses",
        "weight is a multiple of",
        rows=[
            [p["name"], f"{p['synapses']:,}", f"{p['sign'] * 2 ** p['exponent']:+d}"]
            for p in summary["projections"]
        ],
    )
    certificates = table(
        "Certified: integer margins >= 1 in every neuron, so the graph holds the state",
        "fixed points",
        "certified",
        "median smallest margin",
        "worst margin",
        "in unit",
        rows=[
            [
                run,
                f"{c['certified']}/{c['fixed_points']}",
                f"{c['median_smallest_margin']:g}",
                str(c["smallest_margin"]),
                str(c["weakest_unit"]),
            ]
            for run, c in summary["certificates"].items()
        ],
    )
    return [parts, certificates, *integer_tables(summary["integers"])]


def integer_tables(integers: dict[str, Any] | None) -> list[Table]:
    """Whether a network was mapped without rounding, and what became of fields of exactly 0.

    Parameters
    ----------
    integers : dict, optional
        What `map_network` left in a graph's provenance; none in graphs of older versions.
    """
    if integers is None:
        return []
    rows = [["integers", "exact: nothing was rounded" if integers["exact"] else "rounded"]]
    rows += [
        [
            f"{run}: fields of exactly 0",
            f"{c['fields']:,}, of which {c['lost']:,} lost their sign (in {c['states']:,} states)",
        ]
        for run, c in integers["ties"].items()
        if c["fields"]
    ]
    return [table("Rounding and ties", "", "", rows=rows)]


def outcome_table(validation: dict[str, Any]) -> list[Table]:
    """One row for each trial, below the name of the simulator; and who agrees with whom."""
    rows = []
    for name, outcomes in groupby(validation["outcomes"], key=lambda o: o["label"]):
        rows.append([name, *[""] * 5])
        rows += [
            [
                "  " + ", ".join(filter(None, (o["run"], o["null"]))),
                str(o["patterns"]),
                percent(o["occupied"]),
                percent(o["exact"]),
                f"{o['overlap']:.4f}",
                percent(o["class_kept"]),
            ]
            for o in outcomes
        ]
    trials = table(
        "Patterns in s* (release and wrong need not be)",
        "run, null",
        "of",
        "reached",
        "at end",
        "overlap",
        "class",
        rows=rows,
    )
    pairs = [
        [f"{a['run']}: {a['one']}, {a['other']}", f"{a['same']} of {a['patterns']}"]
        for a in validation["agreement"]
    ]
    if not pairs:
        return [trials]
    title = "Patterns that end in the very same state on two simulators"
    return [trials, table(title, "run", "same state", rows=pairs)]


def claim_table(validation: dict[str, Any]) -> list[Table]:
    """One row for each claim below the name of its simulator, with its 95 % interval."""
    rows = []
    for name, claims in groupby(validation["claims"], key=lambda c: c["simulator"]):
        rows.append([name, "", "", ""])
        rows += [
            [
                f"  {c['statement']}",
                f"{c['value']:.3g}" + (f" ({interval(*c['interval'])})" if c["interval"] else ""),
                f"{'>=' if c['at_least'] else '<='} {c['bound']:g}",
                c["verdict"].upper() if c["verdict"] == "fails" else c["verdict"],
            ]
            for c in claims
        ]
    columns = ("claim", "seen (95 % interval)", "asked", "")
    return [table("Claims", *columns, rows=rows)] if rows else []


def demo_table(summary: dict[str, Any]) -> Table:
    """The learned network beside its control and the comparators."""
    rows = [["this network, local rule", f"{summary['training']['accuracy']['test']:.3f}"]]
    rows += [[f"{c['name']}, seed {c['seed']}", f"{c['accuracy']:.3f}"] for c in summary["control"]]
    rows += [
        [f"{c['name']} ({c['learning']})", f"{c['accuracy']:.3f}"] for c in summary["comparators"]
    ]
    return table("Test accuracy on handwritten digits", "", "", rows=rows)
