"""The command `energy`: what answers and memories cost on a chip, estimated twice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    from spinspike.mapping.graph.graph_file import load
    from spinspike.studies.chips.energy import energy as estimated
    from spinspike.studies.chips.energy import energy_tables, scaled
    from spinspike.studies.page.terminal import show

    summary = estimated(load(graph), run, patterns=patterns, target=target)
    answer = summary["estimates"]["analytic"]["answer"]
    last = (
        f"{target}: {scaled(answer['joules'], 'J')} and {scaled(answer['seconds'], 's')} an answer"
    )
    show(summary, *energy_tables(summary), as_json=as_json, last=last)
    if summary["same_spikes"] is False:
        raise typer.Exit(1)
