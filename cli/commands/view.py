"""The command that shows what a graph or a network looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinspike.errors import BadInput

from .options import Force, Json, Seed

if TYPE_CHECKING:
    from rich.table import Table

    from spinspike.mapping import SynapseGraph
    from spinspike.model import NetworkFile


def view(
    file: Annotated[Path, typer.Argument(help="Graph file of `map`, or network file of `train`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the pictures, or file of the page.")
    ],
    interactive: Annotated[
        bool, typer.Option("--interactive", help="A page that plays runs of the graph.")
    ] = False,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="Another graph of the same network, on the page; repeatable."),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            help="Simulator whose runs the page plays; the emulator by default; repeatable."
        ),
    ] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            help="Run of the protocol that it plays; learned and free by default; repeatable."
        ),
    ] = None,
    patterns: Annotated[int, typer.Option(min=1, help="Patterns of each run, at most.")] = 100,
    hold: Annotated[
        int | None, typer.Option(min=1, help="Steps, sweeps or ms after the release.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Chip on whose cores the page places the neurons.")
    ] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Draw a graph or a network: who is connected to whom, and how strongly; or play its runs.

    Of a graph: `population.svg` for a browser and `population.dot` for Graphviz, `adjacency.png` with
    every synapse (their density in large graphs) and `weights.png`, histograms of the weights.

    Of a network: `couplings.png`, `weights.png`, and of each run of fixed points `learned.png` and
    `free.png`, the plane in which they differ most.

    With `--interactive`, of a graph: one HTML file that any browser shows from disk. It plays each
    run and its nulls step by step: states, margins, spikes, what drives a unit, what would break it.

    Example: `spinspike view graph.h5 -o pictures`

    Example: `spinspike view graph.h5 --interactive -o page.html`
    """
    if interactive:
        asked = {"patterns": patterns, "runs": run, "hold": hold, "target": target}
        asked |= {"seed": seed, "force": force}
        play(file, output, beside or [], on or ["emulator"], asked, as_json=as_json)
    elif beside or on or run or hold or target:
        options = "--beside, --on, --run, --hold and --target"
        message = f"{options} say what a page plays: give --interactive, too"
        raise BadInput(message)
    else:
        draw(file, output, force=force, as_json=as_json)


def draw(file: Path, output: Path, *, force: bool, as_json: bool) -> None:
    """Write a folder of pictures."""
    from spinspike.mapping import SynapseGraph
    from spinspike.outputs import filling
    from spinspike.studies.files import load
    from spinspike.studies.page.folder import check_folder
    from spinspike.studies.page.terminal import show

    loaded = load(file)
    check_folder(output, force=force)
    with filling(output) as new:
        found = (
            draw_graph(loaded, new)
            if isinstance(loaded, SynapseGraph)
            else draw_network(loaded, new)
        )
        files = sorted(path.name for path in new.iterdir())
    summary = {"folder": str(output), "files": files, **found}
    last = f"{len(files)} pictures: {output}"
    show(summary, *tables(summary), as_json=as_json, last=last)


def play(
    file: Path,
    output: Path,
    beside: Sequence[Path],
    on: Sequence[str],
    asked: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """Write a page that plays runs."""
    from spinspike.mapping import load
    from spinspike.studies.interactive.page import view as write_page
    from spinspike.studies.page.terminal import show

    graph = load(file)
    others: dict[str, SynapseGraph] = {}
    for path in beside:
        other = load(path)
        name = f"{other.encoding}, {other.weight_bits} bits"
        taken = {f"{graph.encoding}, {graph.weight_bits} bits", *others}
        others[f"{path.stem}: {name}" if name in taken else name] = other
    made = write_page(
        graph, output, on=on, beside=others, title=f"{file.stem}, step by step", **asked
    )
    summary = {"page": str(output), "bytes": made.size, "scenes": list(made.scenes)}
    last = f"a page of {made.size / 1e6:.1f} MB, open it in a browser: {output}"
    show(summary, page_table(summary), as_json=as_json, last=last)


def page_table(summary: Mapping[str, Any]) -> Table:
    """What each run of a page came to."""
    from spinspike.studies.page.terminal import table

    return table(
        "Runs on the page",
        "run",
        "graph",
        "simulator",
        "null",
        "patterns",
        "end in s*",
        rows=[
            [
                s["run"],
                s["graph"],
                s["simulator"],
                s["null"] or "none",
                f"{s['patterns']:,}",
                f"{s['exact']:.3f}",
            ]
            for s in summary["scenes"]
        ],
    )


def draw_graph(graph: SynapseGraph, folder: Path) -> dict[str, Any]:
    """Pictures of a graph, and its populations and projections in numbers."""
    from spinspike.mapping import population_view, to_dot, to_svg
    from spinspike.studies.validation import graph_figures

    (folder / "population.svg").write_text(to_svg(graph), encoding="utf-8")
    (folder / "population.dot").write_text(to_dot(graph), encoding="utf-8")
    graph_figures.adjacency(graph).savefig(folder / "adjacency.png")
    graph_figures.weights(graph).savefig(folder / "weights.png")
    found = population_view(graph)
    return {
        **found.graph,
        "populations": [{"name": name, **data} for name, data in found.nodes(data=True)],
        "projections": [
            {"name": name, "source": source, "target": target, **data}
            for source, target, name, data in found.edges(keys=True, data=True)
        ],
    }


def draw_network(content: NetworkFile, folder: Path) -> dict[str, Any]:
    """Pictures of a network and its fixed points."""
    from spinspike.studies.page import network_figures

    network_figures.couplings(content.network).savefig(folder / "couplings.png")
    network_figures.weights(content.network).savefig(folder / "weights.png")
    for run, points in content.fixed_points.items():
        if len(points.distinct) > 1:
            network_figures.landscape(points).savefig(folder / f"{run}.png")
    network = content.network
    return {
        "network": network.summary(),
        "fixed_points": {run: len(points) for run, points in content.fixed_points.items()},
    }


def tables(summary: Mapping[str, Any]) -> list[Table]:
    """What was drawn, and the files."""
    from spinspike.studies.page.terminal import table

    sizes = {name: (Path(summary["folder"]) / name).stat().st_size for name in summary["files"]}
    files = table(
        f"Written to {summary['folder']}",
        "file",
        "size",
        rows=[[name, f"{size:,} bytes"] for name, size in sizes.items()],
    )
    if "network" in summary:
        rows = [[run, f"{count:,}"] for run, count in summary["fixed_points"].items()]
        return [table(summary["network"], "fixed points", "states", rows=rows), files]
    return [*graph_tables(summary), files]


def graph_tables(summary: Mapping[str, Any]) -> list[Table]:
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
    return [populations, projections]
