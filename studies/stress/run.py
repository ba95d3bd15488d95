"""What fixed points withstand when it is tried: runs, tables, files."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from rich.table import Table

    from spinspike.campaign import Task
    from spinspike.mapping import SynapseGraph
    from spinspike.simulators.base import Regime
    from spinspike.simulators.stress.campaign import StressPlan
    from spinspike.simulators.stress.curve import StressCurve
    from spinspike.simulators.validation.claims import Claim


LONG = 60.0  # seconds from which an estimate is given


def stress(
    graph: SynapseGraph,
    kinds: Sequence[str] = (),
    *,
    levels: Sequence[float] = (),
    on: str = "emulator",
    regime: str | None = None,
    patterns: int = 100,
    draws: int = 5,
    states: str = "learned",
    seed: int = 0,
    jobs: int = 1,
    scheduler: str | None = None,
) -> list[StressCurve]:
    """Try what fixed points withstand, as ``spinspike stress`` does.

    Parameters
    ----------
    graph : SynapseGraph
        With its fixed points.
    kinds : sequence of str
        Keys of `simulators.stress.kinds.KINDS`; all that the simulator can have when not given.
    levels : sequence of float
        Of a single kind, in place of its own.
    on : str
        A simulator.
    regime : {"step", "asynchronous", "continuous"}, optional
        The simulator's own when not given.
    patterns, draws : int >= 1
        Fixed points, at most, and how often each level is drawn anew.
    states : {"learned", "free"}
        Which fixed points.
    seed : int >= 0
        Of everything random.
    jobs : int >= 1
        Processes on this machine.
    scheduler : str, optional
        Address of a Dask scheduler in their place.

    Returns
    -------
    list of StressCurve
        One for each kind.

    Raises
    ------
    BadInput, MissingPart
        Something of it is not allowed, or the simulator is missing.

    Examples
    --------
    >>> from spinspike.mapping import map_network
    >>> from spinspike.studies import train
    >>> graph = map_network(train("digits", units=40, epochs=1))
    >>> (curve,) = stress(graph, ["lost-synapses"], levels=[0], patterns=50, draws=1)
    >>> curve.held
    (1.0,)
    """
    from tempfile import TemporaryDirectory

    from spinspike.simulators.stress.campaign import curves

    plan = planned(
        graph, kinds, levels, on=on, regime=regime, patterns=patterns, draws=draws, states=states,
        seed=seed,
    )  # fmt: skip
    with TemporaryDirectory(prefix="spinspike-") as folder:
        return curves(plan, stressed(plan, "", Path(folder), jobs=jobs, scheduler=scheduler))


def planned(
    graph: SynapseGraph,
    kinds: Sequence[str],
    levels: Sequence[float],
    *,
    on: str,
    regime: str | None,
    **options: Any,
) -> StressPlan:
    """What `stress` is to run.

    Raises
    ------
    BadInput
        Something of it is not allowed.
    """
    from spinspike.errors import BadInput
    from spinspike.simulators.registry import find, require
    from spinspike.simulators.stress.campaign import StressPlan
    from spinspike.simulators.stress.kinds import KINDS
    from spinspike.simulators.validation.protocol import default_phases

    backend = find(on, cast("Regime | None", regime))
    require([backend])
    if options["states"] not in ("learned", "free"):
        message = f"states is {options['states']!r}; allowed: learned, free"
        raise BadInput(message)
    if levels and len(set(kinds)) != 1:
        words = ",".join(f"{level:g}" for level in levels)
        message = f"levels {words} are given for {len(set(kinds or KINDS))} kinds; allowed: one"
        raise BadInput(message)
    possible = [
        k.name
        for k in KINDS.values()
        if backend.regime in k.regimes
        and (not k.on or backend.name in k.on)
        and (graph.classes or k.run != "learned")
    ]
    plan = StressPlan(
        graph,
        backend.make(),
        default_phases(graph, backend.regime),
        tuple(kinds or possible),
        levels=tuple(sorted(set(levels))),
        **options,
    )
    plan.checked()
    return plan


def numbers(text: str) -> tuple[float, ...]:
    """Levels as one types them.

    Raises
    ------
    BadInput
        They are no numbers.
    """
    from spinspike.errors import BadInput

    try:
        return tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError as error:
        message = f"levels are {text!r}; allowed: numbers with commas between them: 0,0.01,0.05"
        raise BadInput(message) from error


def check_output(folder: Path, *, force: bool) -> None:
    """Make the folder; refuse one that holds other things than results of this command."""
    from importlib.util import find_spec

    from spinspike.errors import BadInput, MissingPart
    from spinspike.outputs import make_folder

    if find_spec("matplotlib") is None:
        message = "the figures need matplotlib: pip install 'spinspike[plot]'"
        raise MissingPart(message)
    results = folder / "results"
    if folder.is_dir() and any(folder.iterdir()) and not results.is_dir() and not force:
        message = (
            f"{folder} is not empty and holds no results to go on from; choose another name or "
            "allow overwriting with --force"
        )
        raise BadInput(message)
    make_folder(folder)
    if force:
        for file in results.glob("*.npz"):
            file.unlink()


def stressed(
    plan: StressPlan, checksum: str, folder: Path, *, jobs: int, scheduler: str | None
) -> dict[str, Any]:
    """Run what the folder does not hold yet, with a bar, and an estimate if it will take long."""
    from spinspike.campaign import unfinished
    from spinspike.simulators.stress.campaign import tasks
    from spinspike.studies.page.provenance import installed_version
    from spinspike.studies.page.terminal import carried_out

    settings = (
        checksum,
        installed_version(),
        plan.simulator,
        plan.phases,
        plan.states,
        plan.patterns,
    )
    fingerprint, work = repr((*settings, plan.seed)), tasks(plan)
    missing = unfinished(work, folder, fingerprint=fingerprint)
    announce(plan, missing, jobs=jobs, scheduler=scheduler)
    return carried_out(
        f"stress on {plan.simulator.name}", work, folder,
        fingerprint=fingerprint, jobs=jobs, scheduler=scheduler,
    )  # fmt: skip


def announce(
    plan: StressPlan, missing: Sequence[Task], *, jobs: int, scheduler: str | None
) -> None:
    """Say what to expect of a minute or more."""
    from spinspike.simulators.stress.campaign import seconds_and_bytes
    from spinspike.studies.page.terminal import spinner

    with spinner("trying a few patterns of each kind"):
        seconds, memory = seconds_and_bytes(plan, missing)
    where = "on one core" if scheduler or jobs == 1 else f"with {jobs} jobs"
    seconds /= 1 if scheduler else jobs
    if seconds >= LONG:
        time = f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
        size = f"{memory / 1e9:.1f} GB in each process"
        sys.stderr.write(f"stress: {len(missing)} runs, about {time} {where}, {size}\n")


def stress_claims(found: Sequence[StressCurve], kept: float) -> list[Claim]:
    """What was certified came true: of each kind of stress that certificates say something of."""
    from spinspike.simulators.stress.curve import UNLIKELY
    from spinspike.simulators.validation.claims import KEPT, Claim
    from spinspike.wilson import wilson_interval

    claims = []
    for c in found:
        if c.sure:
            value = 1 - c.lost / c.sure
            exceptions = (f"{c.broken} of {c.cases} cases",) if c.broken else ()
            interval = wilson_interval(value, c.sure)
            claims.append(Claim(c.kind, KEPT, value, kept, True, interval, c.sure, exceptions))
        if c.chance is not None and c.least is not None and c.least < UNLIKELY:
            statement = "chance of losses as certified"
            claims.append(Claim(c.kind, statement, c.chance, UNLIKELY, at_least=True))
    return claims


def stress_summary(
    plan: StressPlan, found: Sequence[StressCurve], graph: Path, *, kept: float
) -> dict[str, Any]:
    """Curves, claims and what it takes to repeat them, as JSON takes it."""
    from dataclasses import asdict

    from spinspike.simulators import sentence, verdict
    from spinspike.studies.page.claims import claim_summary
    from spinspike.studies.page.provenance import how_to_repeat

    claims = stress_claims(found, kept)
    summary = {
        "simulator": plan.simulator.name,
        "regime": plan.simulator.regime,
        "protocol": asdict(plan.phases),
        "states": plan.states,
        "seed": plan.seed,
        "curves": [asdict(c) for c in found],
        "verdict": verdict(claims),
        "sentence": sentence(claims),
        "claims": [claim_summary(claim) for claim in claims],
        "repeat": how_to_repeat(graph, sys.argv[1:]),
    }
    return dict(json.loads(json.dumps(summary)))


def write_stress(
    folder: Path,
    plan: StressPlan,
    found: Sequence[StressCurve],
    results: Mapping[str, Any],
    summary: Mapping[str, Any],
) -> None:
    """Write stress.csv, summary.json and figures/."""
    from .figures import stress_figure

    figures = folder / "figures"
    figures.mkdir()
    for c in found:
        drawn = stress_figure(c)
        for ending in ("png", "svg"):
            drawn.savefig(figures / f"{c.kind}.{ending}")
    with (folder / "stress.csv").open("w", newline="") as file:
        rows = stress_rows(plan, results)
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n")


def stress_rows(plan: StressPlan, results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each kind, level and draw: means over the patterns."""
    from spinspike.simulators.stress.campaign import results_of

    rows = []
    for kind in plan.checked():
        by_level = zip(plan.levels_of(kind), results_of(plan, kind, results), strict=True)
        for level, draws in by_level:
            for draw, arrays in enumerate(draws):
                means = {name: float(values.mean()) for name, values in arrays.items()}
                count = len(arrays["ended"])
                rows.append(
                    {"kind": kind.name, "level": level, "draw": draw, "patterns": count} | means
                )
    return rows


def stress_tables(found: Sequence[StressCurve]) -> list[Table]:
    """A table for each kind of stress."""
    from spinspike.studies.page.terminal import percent, table

    made = []
    for c in found:
        bound = [percent(b) for b in c.bound] if c.bound else [""] * len(c.levels)
        rows = [
            [
                f"{c.levels[k]:g}",
                f"{percent(c.held[k])} ({100 * c.low[k]:.0f}-{100 * c.high[k]:.0f})",
                percent(c.units[k]),
                percent(c.class_kept[k]),
                bound[k],
                percent(c.null[k]),
            ]
            for k in range(len(c.levels))
        ]
        draws = f"{c.draws} draws" if c.draws > 1 else "1 draw"
        title = f"{c.title} by {c.unit}\n{c.patterns} patterns, {draws}; held: {c.asked}"
        columns = ("level", "held (95 %)", "units", "class kept", "certified", "null holds")
        made.append(table(title, *columns, rows=rows))
    return made
