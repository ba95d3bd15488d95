"""A graph as a PyNN program in a folder of its own, which runs on pyNN.nest and pyNN.brian2.

The network is that of `nest.lif`, in PyNN's standard models. Neurons are IF_curr_exp; with
cm = tau_m / 1000 nF a current of 1 pA lifts the membrane by 1 mV. Couplings saturate by
TsodyksMarkramSynapse with U = 1, whose resource comes back with the time constant of the current,

    a spike T after the one before delivers w (1 - exp(-T / tau_syn)),

the gate of `brian2.lif`. Input comes as a constant current. What PyNN has no standard model for is
left behind, see `omissions`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.certificates.margins import certified
from spinspike.mapping.graph.codec import neuron_spikes
from spinspike.mapping.graph.fields import input_field
from spinspike.mapping.graph.graph import FixedPoints, Projection, SynapseGraph, refuse_graded
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.npz import write_npz
from spinspike.simulators.physics.calibration import calibrate
from spinspike.simulators.physics.lif_parameters import LIFParameters
from spinspike.simulators.stimulus import encode_stimulus

from .exporter import refusals
from .folder import whole_folder

TEMPLATE = Path(__file__).parent / "pynn_template"
WRITTEN = ("network.py", "README.md", "network.json", "network.npz")
TIME_STEP = 0.5  # ms
WINDOW, EVERY = 50, 10  # ms: how recent a spike means "up", and how often that is read
PATTERNS = 100  # fixed points that go along
SATURATING = ("coupling", "self", "link")
PER_MILLIVOLT = 1e-3  # nA that lift a membrane by 1 mV


def obstacles(graph: SynapseGraph, parameters: LIFParameters | None = None) -> list[str]:
    """What of a graph, or of the parameters for it, makes an export to PyNN impossible, and why."""
    if found := refusals(lambda: refuse_graded(graph)):
        return found
    if not _run(graph):
        found.append("the graph has no fixed points; the program for PyNN shows that one is held")
    p = parameters or LIFParameters()
    for name in ("conductances", "mismatch", "delay_jitter"):
        if value := getattr(p, name):
            found.append(f"{name} is {value}; allowed for PyNN: {type(value)(0)}")
    return found


def omissions(graph: SynapseGraph) -> list[str]:
    """What an export to PyNN leaves out or carries over differently, and why."""
    found = [
        "noise: NoisyCurrentSource gives all neurons the same on Brian2; the start is random",
        "the lowest potential, and competition within pairs: IF_curr_exp has neither",
        "the faster decay of supervisory synapses: IF_curr_exp has one for each sign",
    ]
    if graph.named("readout"):
        found.append("readout neurons: they never spike; classes are those of the unit states")
    if graph.io.levels:
        found.append("input neurons: what they send on average comes as a constant current")
    total = sum(len(points) for points in graph.fixed_points.values())
    if total and (kept := len(_points(graph))) < total:
        found.append(f"{total - kept} of {total} fixed points: up to {PATTERNS} certified ones go")
    return found


def write(
    graph: SynapseGraph,
    path: Path | str,
    *,
    parameters: LIFParameters | None = None,
    force: bool = False,
) -> Path:
    """Write a graph as a self-contained PyNN program.

    The folder is complete or absent: it is written under a temporary name beside its place. PyNN
    is not needed for it.

    Parameters
    ----------
    graph : SynapseGraph
        One that has no `obstacles`.
    path
        The folder. It must not exist, unless ``force``; its parent must.
    parameters : LIFParameters, optional
        By default `calibrate` finds them from the graph.
    force
        Replace a folder that was exported earlier and holds nothing else.

    Raises
    ------
    BadInput
        The folder exists and ``force`` is not set, holds other files, or has no parent; or there
        are `obstacles`.
    """
    path = Path(path)
    with whole_folder(path, WRITTEN, force=force) as new:
        for obstacle in obstacles(graph, parameters):
            raise BadInput(obstacle)
        _fill(graph, _points(graph), parameters or calibrate(graph), new)
    return path


def _run(graph: SynapseGraph) -> str:
    """Name of the fixed points that go along, learned ones first; empty if there are none."""
    names = sorted(graph.fixed_points, key=lambda name: name != "learned")
    return next((name for name in names if len(graph.fixed_points[name])), "")


def _points(graph: SynapseGraph) -> FixedPoints:
    """The first of them that are certified, or of all if none is."""
    points = graph.fixed_points[_run(graph)]
    proven = np.flatnonzero(certified(graph, points))
    return points.select(proven[:PATTERNS] if proven.size else slice(PATTERNS))


def _fill(graph: SynapseGraph, points: FixedPoints, p: LIFParameters, folder: Path) -> None:
    shutil.copyfile(TEMPLATE / "network.py", folder / "network.py")
    projections = [q for q in graph.projections if q.role in (*SATURATING, "supervisory")]
    head = {
        "name": "spinspike",
        "encoding": graph.encoding,
        "timestep": TIME_STEP,
        "cell": {
            "v_rest": 0.0,
            "v_reset": p.reset,
            "v_thresh": p.threshold,
            "tau_m": p.tau_membrane,
            "cm": p.tau_membrane * PER_MILLIVOLT,
            "tau_refrac": p.refractory,
            "tau_syn_E": p.tau_slow,
            "tau_syn_I": p.tau_inhibition,
        },
        "populations": {name: graph.sizes[name] for name in graph.slices()},
        "supervisory": {name: graph.sizes[name] for name in graph.named("supervisory")},
        "supervisory_interval": p.supervisory_interval,
        "supervisory_delay": p.delay,
        "projections": [
            {
                "source": q.source,
                "target": q.target,
                "role": q.role,
                "sign": q.sign,
                "delay": p.delay * (1 + q.delay),
            }
            for q in projections
        ],
        "window": WINDOW,
        "every": EVERY,
    }
    (folder / "network.json").write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")
    write_npz(folder / "network.npz", _arrays(graph, points, p, projections))
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    values = {
        "SUMMARY": f"{graph.units} units as {graph.neurons} neurons ({graph.encoding} encoding), "
        f"{sum(q.mantissa.size for q in projections)} synapses, {graph.classes} classes.",
        "PATTERNS": str(len(points)),
        "WINDOW": str(WINDOW),
        "LOST": "\n".join(f"- {sentence}" for sentence in omissions(graph)),
    }
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    (folder / "README.md").write_text(text, encoding="utf-8")


def _arrays(
    graph: SynapseGraph, points: FixedPoints, p: LIFParameters, projections: list[Projection]
) -> dict[str, Any]:
    """Connection lists, and what each fixed point needs to be run; currents in nA."""
    ends, spikes = graph.io, neuron_spikes(graph, points.states)
    found: dict[str, Any] = {
        "states": points.states,
        "labels": points.labels,
        "decoder": ends.decoder,
        "decoder_sign": ends.input_sign[ends.decoder],
        "bias": _bias(graph, points, p),
        "uncoupled_bias": _bias(without_couplings(graph), points, p),
    }
    reach = np.zeros(graph.neurons)  # of all synapses that are not supervisory together
    for number, q in enumerate(projections):
        target = np.repeat(np.arange(len(q.indptr) - 1), np.diff(q.indptr))
        where = graph.slices()[q.target]
        weight = (q.mantissa.astype(np.int64) << q.exponent) * _factor(graph, p, q)[where][target]
        if q.role != "supervisory":
            np.add.at(reach[where], target, weight)
        found[f"source{number}"] = q.indices.astype(np.int32)
        found[f"target{number}"] = target.astype(np.int32)
        found[f"weight{number}"] = weight
    force = reach + PER_MILLIVOLT * p.field_scale * p.cue_field
    found["cue"] = PER_MILLIVOLT * p.threshold + np.where(spikes, force, -force)
    return found


def _bias(graph: SynapseGraph, points: FixedPoints, p: LIFParameters) -> FloatArray:
    """Constant current of each neuron for each fixed point, (P, N)."""
    given = encode_stimulus(graph, points.inputs)
    field = (given.bias + input_field(graph, given.levels)) / _scale(graph) + p.bias
    return np.asarray(PER_MILLIVOLT * (p.threshold + p.field_scale * field))


def _scale(graph: SynapseGraph) -> FloatArray:
    """Weight units per unit of field of each neuron, (N,)."""
    return graph.io.scale[graph.io.unit]


def _factor(graph: SynapseGraph, p: LIFParameters, q: Projection) -> FloatArray:
    """What turns integer weights into nA, by target neuron: so that on average they are themselves.

    For supervisory synapses the mean is that of a spike train filtered by a synapse, tau / T.
    """
    tau = p.tau_slow if q.sign > 0 else p.tau_inhibition
    if q.role == "supervisory":
        mean = tau / p.supervisory_interval
    elif q.role == "coupling":
        mean = p.mean_gate(p.firm_field, tau)
    else:
        mean = p.last_gate(p.marginal_field, tau)
    return np.asarray(PER_MILLIVOLT * p.field_scale / (mean * _scale(graph)))
