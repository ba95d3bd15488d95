"""The command that stores patterns of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinspike.cli.commands.options import Force, Json, Network


def store(
    patterns: Annotated[
        Path,
        typer.Argument(
            help="Patterns: .npy, .npz or .csv, a row each, all -1 and 1 or all 0 and 1; or a "
            "folder of pictures of one size."
        ),
    ],
    output: Network,
    rule: Annotated[
        str,
        typer.Option(help="hebb, storkey, pseudo-inverse, margin, or covariance for sparse 0/1."),
    ] = "pseudo-inverse",
    self_coupling: Annotated[
        float, typer.Option(min=0.0, help="J_D of all units: holds states, shrinks basins.")
    ] = 0.0,
    coding_level: Annotated[
        float | None,
        typer.Option(
            help="Of covariance: fraction of units that are up; the patterns' by default."
        ),
    ] = None,
    kappa: Annotated[float, typer.Option(help="Of margin: the margin asked for.")] = 1.0,
    epochs: Annotated[
        int, typer.Option(min=1, help="Of margin: how often patterns are shown, at most.")
    ] = 1000,
    threshold: Annotated[
        float, typer.Option(help="Of pictures: brighter than this fraction of white is up.")
    ] = 0.5,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Store patterns of your own in an associative memory, to be mapped and recalled.

    The network has neither inputs nor classes. Equal patterns, and those that contradict each
    other, are refused by number (from 0). Exit code 1 when a pattern is no fixed point: the load
    is printed beside the rule's limit.

    Example: `spinspike store patterns.npy -o memory.h5 --rule margin`
    """
    from spinspike.model.memory.capacity import capacity
    from spinspike.model.memory.patterns import read_patterns
    from spinspike.model.memory.rules import RULES, MarginOptions
    from spinspike.model.memory.store import store as couple
    from spinspike.model.network.network_file import NetworkFile, save
    from spinspike.outputs import check_target
    from spinspike.studies.page.provenance import installed_version
    from spinspike.studies.page.terminal import bar, progress, show, table

    check_target(output, force=force)
    given = read_patterns(patterns, threshold=threshold)
    hint = (
        capacity(rule, len(given.states), given.states.shape[1], given.activity).sentence
        if rule in RULES
        else ""
    )
    if not as_json and hint:
        typer.echo(f"{given.summary()}: {hint}", err=True)
    with progress() as bars:
        made = couple(
            given,
            rule,
            self_coupling=self_coupling,
            coding_level=coding_level,
            how=MarginOptions(kappa=kappa, epochs=epochs),
            progress=bar(bars, f"store: {rule}"),
        )
    facts = {"spinspike": installed_version(), "stored": patterns.name, **made.provenance}
    save(output, NetworkFile(made.network, made.fixed_points, facts), force=force)
    count, lost = len(given.states), facts["not_held"]
    rows = [
        ["patterns", str(count)],
        ["units", str(made.network.units)],
        ["couplings", f"{made.network.coupling.nnz:,}"],
        ["load", f"{facts['load']:.3f} (limit {facts['limit']:.3f})"],
        ["fixed points", f"{facts['held']} of {count}"],
        *([["not held", _listed(lost)]] if lost else []),
    ]
    last = f"{facts['held']} of {count} patterns are fixed points: {output}"
    show(facts, table(f"Stored by {rule}", "", "", rows=rows), as_json=as_json, last=last)
    if lost:
        raise typer.Exit(1)


def _listed(numbers: list[int], shown: int = 10) -> str:
    """The first numbers, and how many more."""
    more = f" and {len(numbers) - shown} more" if len(numbers) > shown else ""
    return ", ".join(map(str, numbers[:shown])) + more
