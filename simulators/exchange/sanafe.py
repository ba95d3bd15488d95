"""SANA-FE: a placed graph as its YAML, run on its model of Loihi, with energy and time of each step.

SANA-FE counts in floating point. Its Loihi neuron has, in weight units,

    v(t) = trunc64(v(t - 1) leak_decay) + x(t),     spike and v <- 0 where v > threshold

with trunc64 the rounding toward zero to 1/64. At leak_decay 2**-12 that is the residue |v| >> 12 of
`membrane.step`, and all sums are whole numbers below 2**53: spikes and the membranes of the readout
are the emulator's, bit for bit. A neuron does not leak in its very first step, where its membrane
starts at what the first step's input is above the bias: the first bias, and what input and
supervisory neurons deliver without having been seen to spike.
Source: SANA-FE 2.2.9 (GPL-3.0), ``src/models.cpp``, LoihiLifModel; ``src/chip.cpp``.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray
from spinspike.errors import BadInput, MissingPart
from spinspike.mapping.chips.energy import LOIHI1, SOURCES, Consumption, core_of
from spinspike.mapping.chips.placement import Placement, place
from spinspike.mapping.chips.target import load_target
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.delays import longest_delay
from spinspike.mapping.graph.fields import field_from, input_field, supervisory_field
from spinspike.mapping.graph.graph import Projection, SynapseGraph, refuse_graded
from spinspike.mapping.graph.membrane import LEAK_SHIFT, WEIGHT_UNIT
from spinspike.outputs import replacing
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.stimulus import encode_stimulus as encode
from spinspike.task import Progress

from .exporter import refusals, states_left_behind
from .folder import whole_folder

PARTS = ("synapse", "dendrite", "soma", "network")
WRITTEN = ("chip.yaml", "network.yaml")
FREE = 30  # steps for which sources of an exported folder have spikes
UNREACHED = 1e30  # threshold of the readout
ALL_INPUTS = "loihi_inputs[0..1023]"  # in SANA-FE's file: a unit in each core for each of so many
NEURON = {
    "soma_hw_name": "loihi_lif",
    "synapse_hw_name": "loihi_sparse_synapse",
    "leak_decay": 2.0**-LEAK_SHIFT,
    "input_decay": 0,
    "reset": 0,
}


@dataclass(frozen=True)
class SanaFe:
    """SANA-FE on its Loihi: a simulator of the step regime that also says what a run takes.

    Parameters
    ----------
    placement : Placement, optional
        By default that of `place` on Loihi 1.
    """

    placement: Placement | None = None
    name: str = "sanafe"
    regime: Regime = "step"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence."""
        return self.measure(graph, stimulus, phases, progress=progress)[0]

    def measure(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> tuple[Recording, Consumption]:
        """Run likewise, and tell energy and time of every step.

        Raises
        ------
        BadInput
            The graph has delays or graded input, or does not fit one chip.
        MissingPart
            SANA-FE is not installed.
        """
        sanafe = _sanafe()
        placement = self.placement or place(graph, load_target("loihi1"))
        with tempfile.TemporaryDirectory(prefix="spinspike-sanafe-") as folder:
            chip, net = write_run(folder, graph, placement, stimulus, phases)
            architecture = sanafe.load_arch(str(chip))
            network = sanafe.load_net(str(net), architecture)
        runs = []
        for pattern in range(len(stimulus.bias)):
            for name, settings in _settings(graph, stimulus, phases, pattern).items():
                for neuron, values in zip(network.groups[name], settings, strict=True):
                    neuron.set_attributes(model_attributes=values)
            seen = _simulate(sanafe, architecture, network, phases.total)
            runs.append(_read(graph, seen))
            if progress:
                progress(pattern + 1, len(stimulus.bias))
        used = {what: np.stack([run.used[what] for run in runs], axis=1) for what in runs[0].used}
        return _recording(graph, stimulus, phases, runs), Consumption(**used)


def write(graph: SynapseGraph, path: Path | str, *, force: bool = False) -> Path:
    """Write chip.yaml and network.yaml into a folder, with the first fixed point's image.

    Without fixed points the image is the darkest that there is. `write_run` writes any other.

    Parameters
    ----------
    graph : SynapseGraph
        One that has no `obstacles`.
    path
        The folder. It must not exist, unless ``force``; its parent must.
    force : bool
        Replace a folder that was exported earlier and holds nothing else.

    Raises
    ------
    BadInput
        There are `obstacles`; the folder exists and ``force`` is not set, holds other files, or has
        no parent.
    """
    path = Path(path)
    with whole_folder(path, WRITTEN, force=force) as new:
        for obstacle in obstacles(graph):
            raise BadInput(obstacle)
        points = [p.inputs[:1] for p in graph.fixed_points.values() if len(p)]
        darkest = np.full((1, graph.io.centre.size), graph.io.input_range[0])
        given = encode(graph, points[0] if points else darkest)
        phases = Phases(cue=graph.modules, clamped=0, free=FREE)
        write_run(new, graph, place(graph, load_target("loihi1")), given, phases)
    return path


def write_run(
    folder: Path | str,
    graph: SynapseGraph,
    placement: Placement,
    stimulus: Stimulus,
    phases: Phases,
    *,
    pattern: int = 0,
) -> tuple[Path, Path]:
    """Write SANA-FE's Loihi as chip.yaml and a graph with one pattern as network.yaml.

    The chip is the file that comes with SANA-FE, with as many input units in a core as are used.

    Returns
    -------
    tuple of Path
        chip.yaml and network.yaml, to be given to SANA-FE in this order.

    Raises
    ------
    BadInput
        The graph has delays or graded input, or does not fit one chip.
    MissingPart
        SANA-FE is not installed.
    """
    for obstacle in obstacles(graph, placement):
        raise BadInput(obstacle)
    core = core_of(graph, placement)
    chip, net = Path(folder) / "chip.yaml", Path(folder) / "network.yaml"
    text = (Path(str(_sanafe().__file__)).parent / "examples" / "loihi.yaml").read_text("utf-8")
    outside = sum(p.size for p in graph.populations if p.neuron in SOURCES)
    last = max(1, min(outside, LOIHI1.neurons_per_core)) - 1
    with replacing(chip, force=True) as new:
        new.write_text(text.replace(ALL_INPUTS, f"loihi_inputs[0..{last}]"), encoding="utf-8")
    lines = ["network:", "  name: spinspike", "  groups:"]
    for name, settings in _settings(graph, stimulus, phases, pattern).items():
        lines += [f"    - name: {json.dumps(name)}", "      neurons:"]
        for number, (hardware, values) in enumerate(
            zip(_hardware(graph, name), settings, strict=True)
        ):
            lines.append(f"        - {number}: {_flow({**hardware, **values})}")
    edges = [f"    - {_edges(p)}" for p in graph.projections if p.mantissa.size]
    lines += ["  edges:" if edges else "  edges: []", *edges, "mappings:"]
    for name, cores in core.items():
        for number, (tile, within) in enumerate(
            zip(*np.divmod(cores, LOIHI1.cores_per_tile), strict=True)
        ):
            lines.append(f"  - {name}.{number}: [core: {tile}.{within}]")
    with replacing(net, force=True) as new:
        new.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return chip, net


def obstacles(graph: SynapseGraph, placement: Placement | None = None) -> list[str]:
    """What of a graph SANA-FE's Loihi cannot carry, and why; that SANA-FE is missing, too.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    placement : Placement, optional
        By default that of `place` on Loihi 1.
    """
    if found := refusals(_sanafe, lambda: refuse_graded(graph)):
        return found
    if longest_delay(graph):
        found.append(
            f"the graph has delays of up to {longest_delay(graph)} steps; SANA-FE's Loihi allows "
            "0: its dendrites with delays lose what is due while nothing else arrives"
        )
    if graph.io.levels > 1:
        found.append(
            f"the input has {graph.io.levels} levels; SANA-FE's Loihi allows spikes without "
            "value: map with --input bias or binary"
        )
    return found or refusals(
        lambda: core_of(graph, placement or place(graph, load_target("loihi1")))
    )


def omissions(graph: SynapseGraph) -> list[str]:
    """What of a graph the files for SANA-FE leave out, and why.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    """
    return states_left_behind(graph, "SANA-FE's files hold one pattern's input")


def population_spikes(
    graph: SynapseGraph, stimulus: Stimulus, phases: Phases, spikes: BoolArray
) -> dict[str, BoolArray]:
    """What every population but the readout sends in each step, (K, B, size).

    It acts in the next step.

    Parameters
    ----------
    spikes : (K, B, N)
        Of the threshold neurons.
    """
    found = {name: spikes[..., columns] for name, columns in graph.slices().items()}
    steps = np.arange(1, phases.total + 1)[:, None, None]
    clamping = (steps >= phases.cue) & (steps < phases.release)
    for name in graph.named("supervisory"):
        found[name] = clamping & stimulus.supervisor
    for name in graph.named("input"):
        found[name] = np.repeat(stimulus.levels[None] > 0, phases.total, axis=0)
    return found


def _hardware(graph: SynapseGraph, name: str) -> Iterator[dict[str, Any]]:
    """What kind of neuron each one of a population is, for SANA-FE."""
    names = [other for model in SOURCES for other in graph.named(model)]
    if name in names:
        first = sum(graph.sizes[other] for other in names[: names.index(name)])
        for number in range(first, first + graph.sizes[name]):
            unit = number % LOIHI1.neurons_per_core
            yield {"soma_hw_name": f"loihi_inputs[{unit}]", "log_spikes": True}
    elif name in graph.named("readout"):
        for _ in range(graph.sizes[name]):
            yield {**NEURON, "threshold": UNREACHED, "log_potential": True}
    else:
        for _ in range(graph.sizes[name]):
            yield {**NEURON, "threshold": 0, "log_spikes": True}


def _settings(
    graph: SynapseGraph, stimulus: Stimulus, phases: Phases, pattern: int
) -> dict[str, list[dict[str, Any]]]:
    """What of each neuron depends on the pattern, by population."""
    chosen = stimulus.select(slice(pattern, pattern + 1))
    first = chosen.first_bias + input_field(graph, chosen.first_levels)
    if phases.cue == 0 < phases.clamped:
        first = first + supervisory_field(graph, chosen.supervisor)
    silent = np.zeros((phases.total, *chosen.bias.shape), dtype=np.bool_)
    found: dict[str, list[dict[str, Any]]] = {}
    sent = population_spikes(graph, chosen, phases, silent)
    for name in (other for model in SOURCES for other in graph.named(model)):
        found[name] = [{"spikes": train} for train in sent[name][:, 0].T.astype(int).tolist()]
    for name, columns in graph.slices().items():
        later = chosen.bias[0, columns]
        start = (first[0, columns] - later).tolist()
        found[name] = [
            {"bias": b, "potential": v} for b, v in zip(later.tolist(), start, strict=True)
        ]
    for name in graph.named("readout"):
        found[name] = [{"bias": b} for b in graph.io.readout_bias.tolist()]
    return found


def _edges(p: Projection) -> str:
    target = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
    pairs = np.stack([p.indices, target], axis=1).tolist()
    weights = (p.sign * (p.mantissa.astype(np.int64) << p.exponent)).tolist()
    return (
        f"{p.source} -> {p.target}: [type: sparse, source_target_pairs: {pairs}, weight: {weights}]"
    )


def _flow(values: dict[str, Any]) -> str:
    """A mapping as YAML on one line, its entries in order."""
    return "[" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in values.items()) + "]"


def _simulate(sanafe: ModuleType, architecture: Any, network: Any, steps: int) -> dict[str, Any]:
    """A run of a chip that has done nothing before; SANA-FE's progress is not shown."""
    chip = sanafe.SpikingChip(architecture)
    chip.load(network)
    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, Any] = chip.sim(
            steps,
            spike_trace=True,
            potential_trace=True,
            perf_trace=True,
            write_trace_headers=False,
        )
    return found


@dataclass(frozen=True)
class _Run:
    """What SANA-FE showed of one pattern."""

    sent: dict[str, BoolArray]  # (K, size) spikes, by population
    readout: IntArray  # (C,) membranes at the end, in 1/64 weight units
    used: dict[str, FloatArray]  # (K,) joules by part, and seconds


def _read(graph: SynapseGraph, seen: dict[str, Any]) -> _Run:
    trace, spent = seen["spike_trace"], seen["perf_trace"]
    sent = {name: np.zeros((len(trace), n), dtype=np.bool_) for name, n in graph.sizes.items()}
    for step, addresses in enumerate(trace):
        for address in addresses:
            sent[address.group_name][step, address.neuron_offset] = True
    readout = np.rint(np.array(seen["potential_trace"][-1]) * WEIGHT_UNIT).astype(np.int64)
    used = {part: np.array(spent[f"{part}_energy"]) for part in PARTS}
    return _Run(sent, readout, {**used, "seconds": np.array(spent["sim_time"])})


def _recording(
    graph: SynapseGraph, stimulus: Stimulus, phases: Phases, runs: list[_Run]
) -> Recording:
    names = graph.slices()
    spikes = np.stack(
        [np.concatenate([run.sent[name] for name in names], axis=1) for run in runs], axis=1
    )
    supervisory = np.zeros((phases.total, len(runs)))
    if phases.cue == 0 < phases.clamped:  # what starts in the membranes was not seen
        supervisory[0] = np.abs(supervisory_field(graph, stimulus.supervisor)).sum(axis=1)
    for pattern, run in enumerate(runs):
        active = {name: run.sent[name][:-1] for name in graph.named("supervisory")}
        if active:
            supervisory[1:, pattern] = np.abs(field_from(graph, active)).sum(axis=1)
    return Recording(
        regime="step",
        times=np.arange(1.0, phases.total + 1),
        states=unit_states(graph, spikes),
        supervisory=supervisory,
        release=float(phases.release),
        spikes=spikes,
        readout=np.stack([run.readout for run in runs]) if graph.named("readout") else None,
    )


def _sanafe() -> ModuleType:
    """Import SANA-FE only when it is needed; it is free under the GPL."""
    try:
        import sanafe
    except ImportError as error:
        message = "SANA-FE is not installed: pip install 'spinspike[sanafe]'"
        raise MissingPart(message) from error
    module: ModuleType = sanafe
    return module
