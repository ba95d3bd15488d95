"""The command `energy`: what answers and memories cost on a chip, estimated twice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinspike.studies.chips.energy import energy_summary, energy_tables

from .options import Json


def energy(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    run: Annotated[
        str,
        typer.Option(
            help="free: test images by themselves; learned: clamped, then released; recall: "
            "memories of which a fifth is flipped, as networks without inputs run by default."
        ),
    ] = "free",
    patterns: Annotated[int, typer.Option(min=1, max=200, help="Patterns to average over.")] = 20,
    target: Annotated[str, typer.Option(help="loihi1, whose costs are published.")] = "loihi1",
    as_json: Json = False,
) -> None:
    """Estimate the energy and time of an answer, and of holding it.

    Counts spikes, synapses, messages and hops of the placed graph and prices them with published
    costs of events. Where SANA-FE is installed it simulates the same runs on its model of the
    chip, and must make the same spikes: exit code 1 if it does not.

    Example: `spinspike energy graph.h5 --run learned --patterns 50`
    """
    from spinspike.errors import BadInput
    from spinspike.mapping.chips.energy import COSTS
    from spinspike.mapping.chips.limits import check
    from spinspike.mapping.chips.placement import place
    from spinspike.mapping.chips.target import load_target
    from spinspike.mapping.graph.graph_file import load
    from spinspike.studies.page.terminal import show

    chip = load_target(target)
    if chip.name not in COSTS:
        message = f"no costs of events are known for target {target!r}; allowed: {', '.join(COSTS)}"
        raise BadInput(message)
    loaded = load(graph)
    placement, costs = place(loaded, chip), COSTS[chip.name]
    findings = check(loaded, chip, placement)
    summary = {
        **energy_summary(loaded, placement, costs, run=run, patterns=patterns),
        "misfits": [str(finding) for finding in findings if not finding.fits],
    }
    show(summary, *energy_tables(summary), as_json=as_json)
    if summary["same_spikes"] is False:
        raise typer.Exit(1)
