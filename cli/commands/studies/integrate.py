"""The command `integrate`: a memory that is learned, mapped and heard out on each simulator."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinspike.cli.commands.options import Force, Json, Seed

if TYPE_CHECKING:
    from rich.table import Table

    from spinspike.simulators.integrator.validation import IntegratorOutcome
    from spinspike.simulators.validation.claims import Claim
    from spinspike.studies.integrator.learning import Memory


def integrate(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the report, files and figures.")
    ],
    rate: Annotated[
        float, typer.Option(help="c*, 0.005 up: the memory decays as e^(-c* t), t in leaks.")
    ] = 0.1,
    frequency: Annotated[
        float, typer.Option(min=0, help="w*; above 0 the memory is a damped oscillation.")
    ] = 0.0,
    units: Annotated[
        int, typer.Option(min=2, max=1000, help="N, units of the network; hundreds take minutes.")
    ] = 20,
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
        typer.Option(help="lava or brian2, beside the emulator; repeat for both."),
    ] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Hold the input for two time-scales; else an impulse.")
    ] = False,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Learn a memory, map it to spiking neurons, and hear how long it lasts there.

    A linear recurrent network learns by gradient flow to be a leaky integrator, or a damped
    oscillator: one eigenvalue of its couplings, or a pair, leaves the others and settles where the
    memory is. Then it is mapped to excitatory and inhibitory neurons of few bits, driven by a pulse
    and left alone, in four trials where a simulator draws at random; what it remembers is fitted by
    a decay and held against what the network itself remembers, and against the same graph without
    couplings and with permuted ones. Exit code 1 when a time-scale is off by more than 5 % (Lava,
    emulator) or 10 % (Brian2) or has nothing to do with the couplings, a frequency is off by more
    than 5 %, the output drifts, Lava's numbers are not the emulator's, or nothing was learned; 3 when
    errors are too large to tell.

    The folder gets report.html, summary.json, CSV tables, figures, integrator.h5 and graph.h5.

    Example: `spinspike integrate --rate 0.1 --on lava --on brian2 -o memory`
    """
    from spinspike.mapping.graph.graph_file import save
    from spinspike.mapping.integrator.integrator_graph import map_integrator
    from spinspike.model.integrator.integrator_file import IntegratorFile, save_integrator
    from spinspike.model.integrator.linear_network import Filter
    from spinspike.outputs import filling
    from spinspike.simulators.integrator.validation import BITS, integrator_claims
    from spinspike.simulators.validation.claims import verdict
    from spinspike.studies.integrator.learning import learned, start
    from spinspike.studies.integrator.page import sentence, write_page
    from spinspike.studies.integrator.simulated_memory import (
        learning_claims,
        place,
        require,
        simulate_memory,
    )
    from spinspike.studies.page.folder import check_folder
    from spinspike.studies.page.provenance import how_to_repeat
    from spinspike.studies.page.terminal import bar, conclude, progress, show, spinner

    names = list(dict.fromkeys(["emulator", *(on or [])]))
    require(names)
    target = Filter(rate, frequency)
    blank = start(units, regime, target, spread, seed)
    check_folder(output, force=force)
    with spinner("learning"):
        memory = learned(blank, target, rich=regime == "rich", parts=learn)
    outcomes: list[IntegratorOutcome] = []
    with progress() as bars:
        update = bar(bars, "listening")
        for outcome in simulate_memory(memory, names, bits, "hold" if hold else "impulse", seed):
            outcomes.append(outcome)
            update(len(outcomes), 3 * len(names) + len({*BITS, bits}), place(outcome))
    claims = [*learning_claims(memory, outcomes[0]), *integrator_claims(outcomes, bits)]
    asked = {
        "rate": rate, "frequency": frequency, "units": units, "regime": regime, "spread": spread,
        "learn": learn, "bits": bits, "hold": hold, "seed": seed,
    }  # fmt: skip
    provenance = {**asked, "loss": memory.last_loss}
    content = IntegratorFile(memory.network, target, provenance)
    # Brian2 has no steps that a graph could be exact for
    graph = map_integrator(memory.network, bits=bits, exact=on != ["brian2"])
    with filling(output) as new:
        save_integrator(new / "integrator.h5", content)
        save(new / "graph.h5", graph)
        repeat = how_to_repeat(new / "graph.h5", sys.argv[1:])
        summary = summarised(asked, memory, outcomes, claims, repeat)
        write_page(new, memory, outcomes, summary)
    show(summary, *tables(summary), as_json=as_json)
    page = output / "report.html"
    conclude(sentence(summary), verdict(claims), report=page, as_json=as_json)


def summarised(
    asked: Mapping[str, Any],
    memory: Memory,
    outcomes: Sequence[IntegratorOutcome],
    claims: Sequence[Claim],
    repeat: Mapping[str, Any],
) -> dict[str, Any]:
    """All of it as JSON takes it."""
    from spinspike.model.integrator.linear_network import outlier
    from spinspike.studies.integrator.learning import theory_off

    learned = {
        "outlier": _parts(outlier(memory.network)) if memory.rich else None,
        "reach": _finite(memory.reach),
        "loss": memory.last_loss,
        "first_loss": memory.first_loss,
        "change_of_couplings": memory.change,
        "plateau_expected": memory.plateau,
        "plateau_seen": memory.plateau_seen,
        "theory_off": {name: theory_off(memory, name) for name in memory.theory},
    }
    return {
        "asked": dict(asked),
        "learned": learned,
        "outcomes": [_outcome(o, rich=memory.rich) for o in outcomes],
        "claims": [
            {
                **asdict(claim),
                "value": _finite(claim.value),
                "interval": claim.interval and [_finite(end) for end in claim.interval],
                "verdict": claim.verdict,
            }
            for claim in claims
        ],
        "repeat": dict(repeat),
    }


def tables(summary: Mapping[str, Any]) -> list[Table]:
    """How long the memory lasts where, and the claims."""
    from spinspike.studies.integrator.page import (
        CLAIM_COLUMNS,
        MEMORY_COLUMNS,
        claim_rows,
        filled,
        memory_rows,
    )
    from spinspike.studies.page.terminal import table

    shown = [k for k, name in enumerate(MEMORY_COLUMNS) if name not in ("drift", "fit")]
    rows = [[row[k] for k in shown] for row in memory_rows(summary)]  # 80 characters wide
    columns, rows = filled([MEMORY_COLUMNS[k] for k in shown], rows)
    return [
        table("How long the memory lasts", *columns, rows=rows),
        table("Claims", *CLAIM_COLUMNS, rows=claim_rows(summary["claims"])),
    ]


def _outcome(outcome: IntegratorOutcome, *, rich: bool) -> dict[str, Any]:
    """Where a memory was heard, and what it decays like."""
    from spinspike.studies.integrator.simulated_memory import place

    fit = outcome.fit
    return {
        "where": place(outcome),
        **{k: getattr(outcome, k) for k in ("simulator", "run", "null", "bits", "release")},
        "trials": outcome.readouts.shape[1],
        "outlier": _parts(outcome.mapped) if rich and not outcome.null else None,
        "time_scale": _finite(fit.time_scale),
        "time_scale_error": _finite(fit.time_scale_error),
        "frequency": _finite(fit.frequency),
        "frequency_error": _finite(fit.frequency_error),
        "damping": _finite(fit.damping),
        "drift": _finite(fit.drift),
        "explained": _finite(fit.explained),
        "spikes": outcome.spikes,
        "same_numbers_as_emulator": outcome.like_emulator,
    }


def _parts(eigenvalue: complex) -> list[float]:
    return [eigenvalue.real, eigenvalue.imag]


def _finite(value: float) -> float | None:
    """A number as JSON takes it."""
    return float(value) if math.isfinite(value) else None
