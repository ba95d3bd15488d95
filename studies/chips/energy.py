"""What answers and memories cost on a chip, estimated twice."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from math import log10
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from rich.table import Table

    from spinspike.arrays import BoolArray
    from spinspike.mapping import Placement, SynapseGraph
    from spinspike.mapping.chips.energy import Bill, Costs


FLIPPED = 0.2  # of the units of a cue
REAL_TIME_STEP = 1e-3  # s, of a chip that is paced to real time
PARTS = ("synapse", "dendrite", "soma", "network")
PREFIXES = (("", 1.0), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9), ("p", 1e-12))
QUANTITIES = (
    ("answer", "joules", "answer: energy", "J"),
    *(("answer", part, f"answer: of it {part}", "J") for part in PARTS),
    ("answer", "seconds", "answer: time", "s"),
    ("held", "joules_per_step", "held: energy of a step", "J"),
    ("held", "seconds_per_step", "held: time of a step", "s"),
    ("held", "joules_per_second", "held: energy of a second, at full speed", "J"),
    ("held", "joules_per_second_of_1_ms_steps", "held: energy of a second, steps of 1 ms", "J"),
)
ASSUMPTIONS = (
    "no leakage, no processors beside the cores, nothing for getting images in and classes out",
    "a step is as short as its slowest core allows, unless 1 ms is said",
    "a spike is one message for each core that it has synapses on, each synapse a sparse one",
    "input and supervisory neurons lie on cores of their own and cost their messages alone",
    "an answer takes until no spike changes any more, and one step for the readout",
    "held: the last step of each run",
)


def energy(
    graph: SynapseGraph, run: str = "free", *, patterns: int = 20, target: str = "loihi1"
) -> dict[str, Any]:
    """Estimate the energy and time of an answer and of holding it, as ``spinspike energy`` does.

    Parameters
    ----------
    graph : SynapseGraph
        With its fixed points.
    run : {"free", "learned"}
        Test images by themselves, or training images clamped, then released.
    patterns : int >= 1
        Fixed points to average over, at most.
    target : str
        A chip whose costs are published.

    Returns
    -------
    dict
        Joules and seconds by estimate, in SI units, with assumptions and what does not fit.

    Raises
    ------
    BadInput
        No such run, no fixed points of it, or a target whose costs are not known.

    Examples
    --------
    >>> from spinspike.mapping import map_network
    >>> from spinspike.studies import train
    >>> energy(map_network(train("digits", units=40, epochs=1)))["still_moving"]
    0
    """
    from spinspike.errors import BadInput
    from spinspike.mapping import check_limits, load_target, place
    from spinspike.mapping.chips.energy import COSTS

    chip = load_target(target)
    if chip.name not in COSTS:
        message = f"no costs of events are known for target {target!r}; allowed: {', '.join(COSTS)}"
        raise BadInput(message)
    placement = place(graph, chip)
    misfits = [str(f) for f in check_limits(graph, chip, placement) if not f.fits]
    found = energy_summary(graph, placement, COSTS[chip.name], run=run, patterns=patterns)
    return {**found, "misfits": misfits}


def energy_summary(
    graph: SynapseGraph, placement: Placement, costs: Costs, *, run: str, patterns: int
) -> dict[str, Any]:
    """Both estimates of the same runs; SANA-FE's is None, with a reason, where it cannot run."""
    import numpy as np

    from spinspike.errors import BadInput
    from spinspike.mapping.chips.energy import bill, estimate, steps_to_answer
    from spinspike.simulators import Emulator
    from spinspike.simulators.exchange.sanafe import SanaFe, obstacles, population_spikes
    from spinspike.simulators.retrieval.experiment import drawn_cues
    from spinspike.simulators.stimulus import encode_stimulus
    from spinspike.simulators.validation.protocol import default_phases, default_runs
    from spinspike.studies.page.terminal import bar, progress

    if run not in ("free", "learned", "recall"):
        message = f"unknown run {run!r}; allowed: free, learned, recall"
        raise BadInput(message)
    if run == "free" and default_runs(graph) == ("cued",):
        run = "recall"  # a memory, which nothing but a cue sets in motion
    states = "learned" if run == "recall" else run
    if not len(graph.fixed_points.get(states, ())):
        message = f"the graph carries no {states} fixed points; train and map it with them"
        raise BadInput(message)
    points = graph.fixed_points[states].select(slice(patterns))
    clamped, cue = run == "learned", None
    if run == "recall":
        cue = drawn_cues(points, "flip", [FLIPPED]).states
    given = encode_stimulus(
        graph, points.inputs, labels=points.labels if clamped else None, cue=cue
    )
    phases = default_phases(graph, "step")
    phases = phases if clamped else replace(phases, clamped=0)
    spikes = cast("BoolArray", Emulator().run(graph, given, phases).spikes)
    steps = steps_to_answer(spikes, least=phases.release + clamped)
    everyone = population_spikes(graph, given, phases, spikes)
    bills = {"analytic": bill(estimate(graph, placement, everyone, costs), steps)}
    missing = "not installed: pip install 'spinspike[sanafe]'"
    missing = "; ".join(obstacles(graph, placement)) if find_spec("sanafe") else missing
    same = None
    if not missing:
        with progress() as bars:
            recording, used = SanaFe(placement).measure(
                graph, given, phases, progress=bar(bars, "SANA-FE")
            )
        bills["sanafe"] = bill(used, steps)
        same = np.array_equal(cast("BoolArray", recording.spikes), spikes)
    return {
        "run": run,
        "patterns": len(points),
        "cores": placement.cores,
        "placement": placement.method,
        "steps_to_answer": float(steps.mean()),
        "still_moving": int((steps == phases.total).sum()),
        "estimates": {name: _summary(one) for name, one in bills.items()},
        "same_spikes": same,
        "without_sanafe": missing,
        "costs": vars(costs),
        "assumptions": list(ASSUMPTIONS),
    }


def _summary(one: Bill) -> dict[str, Any]:
    return {
        "answer": {
            "joules": one.joules,
            **{part: getattr(one, part) for part in PARTS},
            "seconds": one.seconds,
        },
        "held": {
            "joules_per_step": one.joules_held,
            "seconds_per_step": one.seconds_held,
            "joules_per_second": one.watts_held,
            "joules_per_second_of_1_ms_steps": one.joules_held / REAL_TIME_STEP,
        },
    }


def energy_tables(summary: dict[str, Any]) -> list[Table]:
    """Both estimates beside each other, and what they assume."""
    from spinspike.studies.page.terminal import table

    found, where = summary["estimates"], f"{summary['cores']} cores, {summary['placement']}"
    rows = [
        _row(label, [one[what][key] for one in found.values()], unit)
        for what, key, label, unit in QUANTITIES
    ]
    notes = [f"costs of events: {summary['costs']['source']}", *summary["assumptions"]]
    notes += [f"does not fit the chip: {misfit}" for misfit in summary["misfits"]]
    if summary["still_moving"]:
        notes.append(f"{summary['still_moving']} patterns still moved at the end of their run")
    if summary["same_spikes"] is not None:
        same = "the same" if summary["same_spikes"] else "OTHER"
        notes.append(f"SANA-FE made {same} spikes as the emulator")
    else:
        notes.append(f"without SANA-FE: {summary['without_sanafe']}")
    return [
        table(
            f"Energy of {summary['patterns']} {summary['run']} runs on {where}; "
            f"{summary['steps_to_answer']:.1f} steps to an answer",
            *("", "analytic", "SANA-FE", "difference")[: len(rows[0])],
            rows=rows,
        ),
        table("Assumed", "", rows=[[note] for note in notes]),
    ]


def _row(label: str, values: list[float], unit: str) -> list[str]:
    cells = [scaled(value, unit) for value in values]
    if len(values) == 2:
        other, meant = values
        cells.append(f"{round(100 * (other / meant - 1), 1) + 0.0:+.1f} %" if meant else "")
    return [label, *cells]


def scaled(value: float, unit: str) -> str:
    """A quantity to three digits with a prefix.

    Examples
    --------
    >>> scaled(2.5e-6, "J"), scaled(0.0, "J")
    ('2.50 µJ', '0 J')
    """
    for prefix, factor in PREFIXES:
        if value >= factor:
            digits = 2 - min(2, int(log10(value / factor)))
            return f"{value / factor:.{digits}f} {prefix}{unit}"
    return f"{value:.2g} {unit}"
