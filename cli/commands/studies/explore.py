"""The command `explore`: the landscape of fixed points, of one network or over many."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from spinspike.cli.commands.options import Json, Seed

if TYPE_CHECKING:
    from spinspike.model.landscape.search.convergence import Order
    from spinspike.model.landscape.studies.sweep import ParameterScan
    from spinspike.studies.landscape.sweep_page import SweepReport

MAX_COUNT = 1_000_000  # networks, starts and sweeps


RANDOM = ("self_coupling", "link", "units", "algorithms", "neighbourhoods", "networks")
ONE = ("against", "fresh", "patterns")  # options that one network has, and random ones do not


def explore(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the report, tables and figures.")
    ],
    network: Annotated[
        Path | None,
        typer.Argument(
            help="Network or graph file to explore; without one, random networks are.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Network or graph file of the same units to compare with; repeat."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Compare with its couplings dealt to other partners.")
    ] = False,
    patterns: Annotated[
        int, typer.Option(min=1, help="Images of each kind whose fields it is explored under.")
    ] = 10,
    self_coupling: Annotated[
        str, typer.Option(help="J_D of random networks: 0.3,0.5 or first:last:step.")
    ] = "0.1:1.2:0.1",
    link: Annotated[
        str, typer.Option(help="λ between two modules, likewise; 0 alone: one module.")
    ] = "0:1.5:0.5",
    units: Annotated[str, typer.Option(help="H, units of each module.")] = "40,80,160,320",
    algorithms: Annotated[
        str,
        typer.Option(
            help="Compared at one size, without link: asynchronous, synchronous, partial, "
            "replicated, reinforced; none: ''."
        ),
    ] = "asynchronous,synchronous,replicated,reinforced",
    neighbourhoods: Annotated[
        int,
        typer.Option(
            min=0,
            max=MAX_COUNT,
            help="Random networks whose reached fixed points are held against typical ones.",
        ),
    ] = 6,
    orders: Annotated[
        str, typer.Option(help="Of the dynamics: asynchronous, synchronous, partial.")
    ] = "asynchronous,synchronous",
    networks: Annotated[
        int, typer.Option(min=2, max=MAX_COUNT, help="Random networks of each size.")
    ] = 4,
    starts: Annotated[
        int, typer.Option(min=2, max=MAX_COUNT, help="Random states that each network starts from.")
    ] = 16,
    limit: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Sweeps, at most.")] = 300,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes on this machine; by default one for each core."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler in their place: tcp://host:port")
    ] = None,
    seed: Seed = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Run everything anew, whatever the folder holds.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Explore the landscape of fixed points: how many, how reachable, how connected.

    Without a file, **random networks** over self-couplings J_D, links λ and sizes H: where the
    dynamics find fixed points and where they only exist, how the threshold moves with the size,
    which algorithms get farther, and whether the states reached have more neighbours than typical
    ones. By default two minutes on two cores.

    With a file, **one network**, without input and under the images whose fixed points it carries:
    what random states come to, how that overlaps with the states of the file, how many fixed
    points there are, how many lie one and two flips away and how far such flips lead; beside
    `--against` other files (the same network mapped to 8 and 4 bits, say) and, with `--fresh`, the
    same couplings in disorder.

    The folder gets report.html, summary.json, CSV tables and figures; it keeps every finished run,
    and the same command goes on from there.

    Examples: `spinspike explore -o landscape`

    `spinspike explore --self-coupling 0.3:0.9:0.05 --link 0 --units 100,200,400,800 -o threshold`

    `spinspike explore network.h5 --against graph8.h5 --against graph4.h5 --fresh -o trained`
    """
    from spinspike.studies.landscape.options import asked, closest, cores
    from spinspike.studies.stress.run import check_output

    refuse_options(context, network)
    where: dict[str, Any] = {"jobs": jobs or cores(), "scheduler": scheduler}
    options = {"starts": starts, "limit": limit, "seed": seed}
    if network is not None:
        ways = tuple(part.strip() for part in orders.split(","))
        files = [network, *(against or [])]
        prepared = prepare(files, patterns=patterns, fresh=fresh, orders=ways, **options)
        check_output(output, force=force)
        one_network(output, files, *prepared, **where, as_json=as_json)
        return
    sweep = asked(self_coupling, link, units, orders, networks=networks, **options)
    others = asked(
        self_coupling, "0", str(closest(sweep.units)), algorithms, networks=networks, **options
    ) if algorithms.strip() else None  # fmt: skip
    check_output(output, force=force)
    many_networks(output, sweep, others, neighbourhoods, **where, as_json=as_json)


def refuse_options(context: typer.Context, network: Path | None) -> None:
    """Refuse options that say nothing here: those of random networks beside a file, or reversed.

    Raises
    ------
    BadInput
        One of them is given.
    """
    from spinspike.errors import BadInput

    def given(name: str) -> bool:
        source = context.get_parameter_source(name)
        return source is not None and source.name == "COMMANDLINE"

    for name in filter(given, ONE if network is None else RANDOM):
        option = f"--{name.replace('_', '-')}"
        if network is None:
            message = f"{option} is of one network, and none is given; name its file first"
        else:
            message = f"{option} is of random networks, and {network} is given; allowed: either"
        raise BadInput(message)


def many_networks(
    folder: Path,
    sweep: ParameterScan,
    others: ParameterScan | None,
    neighbourhoods: int,
    *,
    jobs: int,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Run a sweep and what goes with it, and write the report."""
    from spinspike.outputs import filling
    from spinspike.studies.landscape.reached import nearby, places
    from spinspike.studies.landscape.sweep import swept
    from spinspike.studies.landscape.sweep_page import SweepReport
    from spinspike.studies.landscape.sweep_tables import sweep_tables
    from spinspike.studies.page.provenance import installed_version
    from spinspike.studies.page.terminal import show

    where: dict[str, Any] = {"jobs": jobs, "scheduler": scheduler}
    results = folder / "results"
    compared = swept(others, results, **where) if others else None
    found = swept(sweep, results, **where)
    around = []
    units, levels = places(found)
    if neighbourhoods and levels:
        around = nearby(
            units,
            levels,
            neighbourhoods,
            results,
            seed=sweep.seed,
            fingerprint=installed_version(),
            **where,
        )
    report = SweepReport(found, compared, around)
    with filling(folder) as new:
        summary = write_sweep(new, report)
    last = f"explored; report: {folder / 'report.html'}"
    show(summary, *sweep_tables(found), as_json=as_json, last=last)


def write_sweep(folder: Path, report: SweepReport) -> dict[str, Any]:
    """Write report.html, summary.json, tables and figures/; return the summary."""
    from spinspike.studies.landscape.sweep import plain, sweep_summary
    from spinspike.studies.landscape.sweep_page import sweep_page
    from spinspike.studies.page.provenance import how_to_repeat

    found, others = report.sweep, report.algorithms
    summary = sweep_summary(found)
    summary["algorithms"] = sweep_summary(others)["rows"] if others else []
    summary["nearby"] = plain([asdict(n) for n in report.nearby])
    summary["repeat"] = how_to_repeat(None, sys.argv[1:])
    edges = [
        {"units": e.units, "order": e.order, "beside": e.beside} | asdict(e.threshold)
        for e in found.edges
    ]
    near = [
        {"units": n.units, "self_coupling": n.self_coupling, "kind": n.kind, "networks": n.networks,
         "distance": n.distance[k], "count": n.count[k], "error": n.error[k],
         "theory": n.theory[k]}
        for n in report.nearby
        for k in range(len(n.distance))
    ]  # fmt: skip
    write_table(folder / "convergence.csv", [asdict(row) for row in found.rows])
    write_table(folder / "thresholds.csv", edges)
    write_table(folder / "algorithms.csv", [asdict(row) for row in others.rows] if others else [])
    write_table(folder / "nearby.csv", near)
    write_page(folder, summary, sweep_page(folder / "figures", report, summary["repeat"]))
    return summary


def prepare(
    files: Sequence[Path],
    *,
    patterns: int,
    fresh: bool,
    orders: tuple[str, ...],
    starts: int,
    limit: int,
    seed: int,
) -> tuple[Any, ...]:
    """Read all files, and refuse what cannot be explored."""
    from spinspike.errors import BadInput
    from spinspike.model.landscape.search.convergence import ORDERS
    from spinspike.studies.landscape.network import Asked, subjects

    for order in orders:
        if order not in ORDERS or orders.count(order) > 1:
            message = f"order is {order!r}; allowed: {', '.join(ORDERS)}, each once"
            raise BadInput(message)
    found, points = subjects(files, patterns=patterns, fresh=fresh, seed=seed)
    return found, points, Asked(starts, limit, cast("tuple[Order, ...]", orders), seed)


def one_network(
    folder: Path,
    files: Sequence[Path],
    found: Any,
    points: Any,
    asked: Any,
    *,
    jobs: int,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Explore a network beside others, and write the report."""
    from spinspike.outputs import filling
    from spinspike.studies.landscape.network import explored
    from spinspike.studies.landscape.network_findings import (
        network_summary,
        network_tables,
        summaries,
    )
    from spinspike.studies.landscape.network_page import NetworkReport, network_page
    from spinspike.studies.page.provenance import how_to_repeat, installed_version
    from spinspike.studies.page.terminal import show

    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    number = [len(p) for p in points.values()]
    fingerprint = repr((installed_version(), sums, asked, number, [s.name for s in found]))
    results = explored(
        found, points, asked, folder / "results", fingerprint=fingerprint, jobs=jobs,
        scheduler=scheduler,
    )  # fmt: skip
    rows, around, counts = summaries(found, asked, results)
    summary = network_summary(asked, rows, around, counts)
    summary["repeat"] = how_to_repeat(files[0], sys.argv[1:])
    report = NetworkReport(found, asked, results, rows, around, counts)
    with filling(folder) as new:
        write_table(new / "convergence.csv", [asdict(row) for row in rows])
        write_table(new / "surroundings.csv", [asdict(row) for row in around])
        write_table(new / "counts.csv", counts)
        write_page(new, summary, network_page(new / "figures", report, summary["repeat"]))
    last = f"explored; report: {folder / 'report.html'}"
    show(summary, *network_tables(rows, around, counts), as_json=as_json, last=last)


def write_page(folder: Path, summary: Mapping[str, Any], page: str) -> None:
    """Write summary.json and report.html."""
    text = json.dumps(summary, indent=2, allow_nan=False)
    (folder / "summary.json").write_text(f"{text}\n", encoding="utf-8")
    (folder / "report.html").write_text(page, encoding="utf-8")


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV; what is not a number is empty. No rows, no file."""
    from spinspike.studies.landscape.sweep import plain

    if not rows:
        return
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({k: "" if v is None else v for k, v in plain(row).items()})
