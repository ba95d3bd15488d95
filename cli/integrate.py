"""The command `integrate`: a memory that is learned, mapped and heard out on each simulator."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Force, Json, Seed

if TYPE_CHECKING:
    from rich.table import Table

    from .integrate_learning import Memory
    from .integrate_listening import Found, Heard


def integrate(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the report, files and figures.")
    ],
    rate: Annotated[
        float, typer.Option(help="c*, above 0: the memory decays as e^(-c* t), t in leaks.")
    ] = 0.1,
    frequency: Annotated[
        float, typer.Option(min=0, help="w*; above 0 the memory is a damped oscillation.")
    ] = 0.0,
    units: Annotated[int, typer.Option(min=2, help="N, units of the network.")] = 20,
    regime: Annotated[
        str, typer.Option(help="rich (small couplings before learning) or lazy (large ones).")
    ] = "rich",
    spread: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="sigma, radius of the disc of eigenvalues before learning; 0.05 rich, 0.8 lazy.",
            show_default=False,
        ),
    ] = None,
    learn: Annotated[str, typer.Option(help="Which of W, u and v learn, by letters.")] = "Wuv",
    bits: Annotated[int, typer.Option(min=1, max=8, help="Bits of a weight.")] = 8,
    on: Annotated[
        list[str] | None,
        typer.Option(help="emulator, lava or brian2; repeat for several. The emulator if none."),
    ] = None,
    hold: Annotated[
        float,
        typer.Option(min=0, help="How long the input is held, in leaks; 0: an impulse."),
    ] = 0.0,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Learn a memory, map it to spiking neurons, and hear how long it lasts there.

    A linear recurrent network learns by gradient flow to be a leaky integrator, or a damped
    oscillator: one eigenvalue of its couplings, or a pair, leaves the others and settles where the
    memory is. Then it is mapped to excitatory and inhibitory neurons of few bits, driven by a pulse
    and left alone; what each simulator remembers is fitted by a decay and held against what the
    network itself remembers, and against the same graph without couplings. Exit code 1 when a
    time-scale is off by more than 5 % (Lava, emulator) or 10 % (Brian2), a frequency by more than
    5 %, or the memory was not learned.

    The folder gets report.html, summary.json, CSV tables, figures, integrator.h5 and graph.h5.

    Example: `spinspike integrate --rate 0.1 --on lava --on brian2 -o memory`
    """
    from spinspike.mapping.graph_file import save
    from spinspike.model.integrator.integrator_file import IntegratorFile, save_integrator
    from spinspike.model.integrator.linear_network import Filter

    from .console import show, spinner
    from .integrate_learning import learned, start
    from .integrate_listening import graph_for, heard_out, require
    from .integrate_page import write_page
    from .repeat import how_to_repeat
    from .report import check_folder

    names = list(dict.fromkeys(on or ["emulator"]))
    require(names)
    target = Filter(rate, frequency)
    blank = start(units, regime, target, spread, seed)
    check_folder(output, force=force)
    with spinner("learning"):
        memory = learned(blank, target, rich=regime == "rich", parts=learn)
    with spinner("listening"):
        found = heard_out(memory, names, bits, hold, seed)
    asked = {
        "rate": rate, "frequency": frequency, "units": units, "regime": regime, "spread": spread,
        "learn": learn, "bits": bits, "hold": hold, "seed": seed,
    }  # fmt: skip
    provenance = {**asked, "loss": memory.last_loss}
    content = IntegratorFile(memory.network, target, provenance)
    save_integrator(output / "integrator.h5", content, force=True)
    save(output / "graph.h5", graph_for(names[0], memory.network, bits), force=True)
    repeat = how_to_repeat(output / "graph.h5", sys.argv[1:])
    summary = summarised(asked, memory, found, repeat)
    write_page(output, memory, found, summary)
    show(summary, *tables(summary), as_json=as_json)
    if not all(claim.holds for claim in found.claims):
        raise typer.Exit(1)


def summarised(
    asked: Mapping[str, Any], memory: Memory, found: Found, repeat: Mapping[str, Any]
) -> dict[str, Any]:
    """All of it as JSON takes it."""
    from spinspike.model.integrator.linear_network import outlier

    from .integrate_learning import theory_off

    def parts(eigenvalue: complex) -> list[float] | None:
        return [eigenvalue.real, eigenvalue.imag] if memory.rich else None

    learned = {
        "outlier": parts(outlier(memory.network)),
        "reach": _finite(memory.reach),
        "loss": memory.last_loss,
        "first_loss": memory.first_loss,
        "change_of_couplings": memory.change,
        "plateau_expected": memory.plateau,
        "plateau_seen": memory.plateau_seen,
        "theory_off": {name: theory_off(memory, name) for name in memory.theory},
    }
    precisions = {
        str(bits): {"outlier": parts(value), **_fit(found.rounded[bits])}
        for bits, value in found.precisions.items()
    }
    return {
        "asked": dict(asked),
        "learned": learned,
        "model": _fit(found.model),
        "precisions": precisions,
        "simulators": {name: _fit(heard) for name, heard in found.simulators.items()},
        "nulls": {name: _fit(heard) for name, heard in found.nulls.items()},
        "claims": [
            {**asdict(claim), "value": _finite(claim.value), "holds": claim.holds}
            for claim in found.claims
        ],
        "repeat": dict(repeat),
    }


def tables(summary: Mapping[str, Any]) -> list[Table]:
    """How long the memory lasts where, and the claims."""
    from .console import table
    from .integrate_page import CLAIM_COLUMNS, MEMORY_COLUMNS, claim_rows, filled, memory_rows

    shown = [k for k, name in enumerate(MEMORY_COLUMNS) if name not in ("drift", "fit")]
    rows = [[row[k] for k in shown] for row in memory_rows(summary)]  # 80 characters wide
    columns, rows = filled([MEMORY_COLUMNS[k] for k in shown], rows)
    return [
        table("How long the memory lasts", *columns, rows=rows),
        table("Claims", *CLAIM_COLUMNS, rows=claim_rows(summary)),
    ]


def _fit(heard: Heard) -> dict[str, float | None]:
    """What a response decays like."""
    fit = heard.fit
    return {
        "time_scale": _finite(fit.time_scale),
        "time_scale_error": _finite(fit.time_scale_error),
        "frequency": _finite(fit.frequency),
        "frequency_error": _finite(fit.frequency_error),
        "damping": _finite(fit.damping),
        "drift": _finite(fit.drift),
        "explained": _finite(fit.explained),
    }


def _finite(value: float) -> float | None:
    """A number as JSON takes it."""
    return float(value) if math.isfinite(value) else None
