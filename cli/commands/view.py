"""The command that shows what a graph looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Force, Json

if TYPE_CHECKING:
    from rich.table import Table


def view(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pictures.")],
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Draw a graph: its populations, who is connected to whom, and how strongly.

    Writes `population.svg` for a browser and `population.dot` for Graphviz, `adjacency.png` with
    every synapse (their density in large graphs) and `weights.png`, histograms of the weights.

    Example: `spinspike view graph.h5 -o pictures`
    """
    from spinspike.mapping import load, population_view, to_dot, to_svg
    from spinspike.outputs import filling
    from spinspike.studies.page.folder import check_folder
    from spinspike.studies.page.terminal import show
    from spinspike.studies.validation import graph_figures

    loaded = load(graph)
    check_folder(output, force=force)
    with filling(output) as new:
        (new / "population.svg").write_text(to_svg(loaded), encoding="utf-8")
        (new / "population.dot").write_text(to_dot(loaded), encoding="utf-8")
        graph_figures.adjacency(loaded).savefig(new / "adjacency.png")
        graph_figures.weights(loaded).savefig(new / "weights.png")
    found = population_view(loaded)
    summary: dict[str, Any] = {
        "folder": str(output),
        "files": ["adjacency.png", "population.dot", "population.svg", "weights.png"],
        **found.graph,
        "populations": [{"name": name, **data} for name, data in found.nodes(data=True)],
        "projections": [
            {"name": name, "source": source, "target": target, **data}
            for source, target, name, data in found.edges(keys=True, data=True)
        ],
    }
    show(summary, *tables(summary), as_json=as_json)


def tables(summary: Mapping[str, Any]) -> list[Table]:
    """Populations and projections, a row for each."""
    from spinspike.studies.page.terminal import table

    populations = table(
        f"Populations of the graph, encoding {summary['encoding']}",
        "population",
        "neurons",
        "neuron model",
        "synapses that excite",
        "that inhibit",
        rows=[
            [
                p["name"],
                f"{p['size']:,}",
                p["neuron"],
                f"{p['excitatory']:,}",
                f"{p['inhibitory']:,}",
            ]
            for p in summary["populations"]
        ],
    )
    projections = table(
        f"Projections, {summary['weight_bits']}-bit weights",
        "projection",
        "synapses",
        "weights",
        "mean",
        "unit",
        rows=[
            [
                p["name"],
                f"{p['synapses']:,}",
                f"{p['smallest']:+,} to {p['largest']:+,}",
                f"{p['mean']:+,.1f}",
                f"{2 ** p['exponent']}",
            ]
            for p in summary["projections"]
        ],
    )
    sizes = {name: (Path(summary["folder"]) / name).stat().st_size for name in summary["files"]}
    files = table(
        f"Written to {summary['folder']}",
        "file",
        "size",
        rows=[[name, f"{size:,} bytes"] for name, size in sizes.items()],
    )
    return [populations, projections, files]
