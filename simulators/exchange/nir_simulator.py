"""Mapped graphs run as NIR graphs: the oracle's word on whether an export means the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import WEIGHT_UNIT, leak
from spinspike.mapping.nir.export import BIAS, DEFAULT_DT, OUTPUT, node_names, to_nir
from spinspike.mapping.nir.export_signed import to_signed_nir
from spinspike.mapping.nir.graph import NirGraph
from spinspike.mapping.nir.portable import PORTABLE_KIND, SOURCES, to_portable_nir
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.task import Progress

from .nir_executor import execute

Form = Literal["populations", "signed", "portable"]
FORMS = {"populations": to_nir, "signed": to_signed_nir, "portable": to_portable_nir}


@dataclass(frozen=True)
class Nir:
    """Backend of the step regime: the graph as NIR, run by `execute` with its own step.

    Neurons keep no residue of their membrane, as the equation of `mapping.graph` says; on the chip
    a field of -4096 and less leaves one (`mapping.membrane.delay`). Readouts of NIR are the fields
    of a step, from which ``Recording.readout`` adds up what the chip's membranes would hold.

    Parameters
    ----------
    form : str
        "populations", "signed" (`to_signed_nir`) or "portable" (`to_portable_nir`).
    """

    form: Form = "populations"
    dt: float = DEFAULT_DT
    name: str = "nir"
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
        nir = FORMS[self.form](graph, dt=self.dt)
        found = execute(nir, feed(graph, stimulus, phases, nir), dt=self.dt)
        if progress:
            progress(phases.total, phases.total)
        called = node_names(graph.sizes, ())
        outputs = [called[OUTPUT, name] for name in graph.slices()]
        outputs = {"signed": ["output_neurons"], "portable": ["output"]}.get(self.form, outputs)
        spikes = np.concatenate([found[name] for name in outputs], axis=2) > 0
        strength = np.abs(supervisory_field(graph, stimulus.supervisor)).sum(axis=1)
        clamped = _in_steps(phases.cue + 1, phases.release, phases.total)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, phases.total + 1),
            states=unit_states(graph, spikes),
            supervisory=clamped[:, None] * strength,
            release=float(phases.release),
            spikes=spikes,
            readout=_readout(graph, found),
        )


def feed(
    graph: SynapseGraph, stimulus: Stimulus, phases: Phases, nir: NirGraph
) -> dict[str, FloatArray]:
    """What the Input nodes of an exported graph get in a run; each (steps, B, size).

    ``bias_P`` gets what an image, or a forced state in the first step, adds to the bias of a
    population; ``supervisory`` ones 1 while clamped; ``input`` ones the levels of the image.
    """
    first = stimulus.first_bias - graph.bias
    later = stimulus.bias - graph.bias
    bias = np.stack([first, *[later] * (phases.total - 1)])[: phases.total]
    levels = np.stack([stimulus.first_levels, *[stimulus.levels] * (phases.total - 1)])
    clamped = _in_steps(phases.cue + 1, phases.release, phases.total)
    kinds = {
        "supervisory": clamped[:, None, None] * stimulus.supervisor,
        "input": levels[: phases.total],
    }
    parts = [kinds[kind] for kind in SOURCES if nir.metadata.get(kind)]
    given = {"bias": bias, "input": kinds["input"], "supervisory": kinds["supervisory"]}
    called = node_names(graph.sizes, ())
    given |= {called[BIAS, name]: bias[:, :, part] for name, part in graph.slices().items()}
    given |= {p.name: kinds[p.neuron] for p in graph.populations if p.neuron in kinds}
    if nir.metadata.get("kind") == PORTABLE_KIND:
        given = {"input": np.concatenate([bias, *parts], axis=2)}
    return {name: given[name].astype(np.float64) for name in nir.named("Input")}


def _in_steps(first: int, last: int, total: int) -> FloatArray:
    """1 in the steps from first to last, counted from 1; (total,)."""
    steps = np.arange(1, total + 1)
    return ((first <= steps) & (steps <= last)).astype(np.float64)


def _readout(graph: SynapseGraph, found: dict[str, FloatArray]) -> IntArray | None:
    """Membranes at the end, (B, C): the chip's sum of the fields of all steps, with its leak."""
    if not graph.named("readout") or "output" in found:  # the portable form has none
        return None
    called = node_names(graph.sizes, ())[OUTPUT, graph.named("readout")[0]]
    name = called if called in found else "output_readout"  # that of the signed form
    fields = np.rint(found[name]).astype(np.int64)
    membrane = np.zeros(fields.shape[1:], dtype=np.int64)
    for field in fields:
        membrane = leak(membrane) + WEIGHT_UNIT * field
    return membrane
