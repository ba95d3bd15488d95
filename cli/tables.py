"""Summaries as tables for the terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from .console import table


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
    return [parts, certificates]


def outcome_table(validation: dict[str, Any]) -> Table:
    """One row for each trial."""
    return table(
        "What became of the patterns (release and wrong are not meant to end in s*)",
        "simulator, run, null",
        "patterns",
        "reached s*",
        "ends in s*",
        "overlap",
        "class kept",
        rows=[
            [
                ", ".join(filter(None, (o["simulator"], o["run"], o["null"]))),
                str(o["patterns"]),
                percent(o["occupied"]),
                percent(o["exact"]),
                f"{o['overlap']:.4f}",
                percent(o["class_kept"]),
            ]
            for o in validation["outcomes"]
        ],
    )


def claim_table(validation: dict[str, Any]) -> Table:
    """One row for each claim, with its interval where patterns were few."""
    return table(
        "Claims (undecided: too few patterns to tell)",
        "claim",
        "seen",
        "asked",
        "",
        rows=[
            [
                f"{c['simulator']}: {c['statement']}",
                f"{c['value']:.4g}" + ("" if not c["interval"] else interval(*c["interval"])),
                f"{'>=' if c['at_least'] else '<='} {c['bound']:g}",
                c["verdict"].upper() if c["verdict"] == "fails" else c["verdict"],
            ]
            for c in validation["claims"]
        ],
    )


def demo_table(summary: dict[str, Any]) -> Table:
    """The learned network beside its control and the comparators."""
    rows = [["this network, local rule", f"{summary['training']['accuracy']['test']:.3f}"]]
    rows += [[f"{c['name']}, seed {c['seed']}", f"{c['accuracy']:.3f}"] for c in summary["control"]]
    rows += [
        [f"{c['name']} ({c['learning']})", f"{c['accuracy']:.3f}"] for c in summary["comparators"]
    ]
    rows += [["report", summary["report"]]]
    return table("Test accuracy on handwritten digits", "", "", rows=rows)


def interval(low: float, high: float) -> str:
    """A 95 % interval in brackets."""
    return f" ({low:.2f}-{high:.2f})"


def percent(fraction: float) -> str:
    """A fraction as a percentage."""
    return f"{100 * fraction:.1f} %"
