"""The exported network in words: all that is needed to build it again without Lava.

The text names every array beside it and gives the neurons' integer equations, the order of events
in a step, the two ends, and the spikes of a short run to hold a rebuilt network against.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.base import Phases
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.stimulus import encode_stimulus

TEMPLATE = Path(__file__).parent / "lava_template" / "network.txt"
EXAMPLE = Phases(cue=0, clamped=3, free=5)  # after a cue of one step for each module
CLAMPED_WITH = 0
MEANING = {
    "head": "JSON text, see 2",
    "offset": "bias of each neuron from the second step on, without an image",
    "first_offset": "bias of each neuron in the first step, without an image",
    "readout_offset": "bias of each readout neuron; empty if there are none",
    "centre": "what is subtracted from each pixel (input by bias)",
    "gain": "factor of the centred pixels (input by bias)",
    "input_range": "lowest and highest allowed pixel",
    "input_data": "Win, input weights of units by pixels in CSR: values",
    "input_indices": "Win: pixel of each value",
    "input_indptr": "Win: where each unit's values begin",
    "scale": "integer weight units per unit of field, for each unit",
    "readout": "Wout, classes by units, where there are no readout neurons",
    "unit": "unit of each neuron",
    "input_sign": "+1: the neuron spikes when its unit is +1, -1: when it is -1",
    "decoder": "for each unit the neuron that its state is read from",
}
PARTS = {
    "weights": "signed integers of connection {name}",
    "indices": "source neuron of each, within its population",
    "indptr": "where each target neuron's begin",
    "delays": "delay of each, in steps",
}


def describe(graph: SynapseGraph, arrays: Mapping[str, Any]) -> str:
    """The description of a graph that is exported as ``arrays``."""
    head = json.loads(str(arrays["head"]))
    values = {
        "SUMMARY": f"{graph.units} units as {graph.neurons} neurons ({graph.encoding} encoding), "
        f"{graph.synapses} synapses, {graph.classes} classes, {graph.io.centre.size} pixels.",
        "ARRAYS": "\n".join(_row(name, np.asarray(a), head) for name, a in arrays.items()),
        "POPULATIONS": "\n".join(
            f"    {name:<12} neurons {rows.start} to {rows.stop - 1}"
            for name, rows in graph.slices().items()
        ),
        "CONNECTIONS": "\n".join(
            f"    {number:<3} {row['name']:<32} exponent {row['exponent']}, "
            f"longest delay {row['longest_delay']}"
            for number, row in enumerate(head["projections"])
        ),
        "MODULES": str(graph.modules),
        "LEVELS": str(graph.io.levels),
        "EXAMPLE": _example(graph),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _row(name: str, array: NDArray[Any], head: Mapping[str, Any]) -> str:
    part = name.rstrip("0123456789")
    meaning = MEANING.get(name) or PARTS[part].format(
        name=head["projections"][int(name[len(part) :])]["name"]
    )
    kind = "text" if array.dtype.kind == "U" else array.dtype.name
    return f"    {name:<15} {array.shape!s:<12} {kind:<8} {meaning}"


def _example(graph: SynapseGraph) -> str:
    """Spikes of a run in which pixels take the lowest and the highest value by turns."""
    pixels = np.resize(graph.io.input_range, graph.io.centre.size)[None]
    phases = Phases(cue=graph.modules, clamped=EXAMPLE.clamped, free=EXAMPLE.free)
    given = encode_stimulus(graph, pixels, labels=np.array([CLAMPED_WITH]))
    recording = Emulator().run(graph, given, phases)
    assert recording.spikes is not None
    lines = ["    step  spikes  sum of the numbers of the neurons that spike"]
    for step, spikes in enumerate(recording.spikes[:, 0], 1):
        fired = np.flatnonzero(spikes)
        lines.append(f"    {step:<5} {fired.size:<7} {fired.sum()}")
    if recording.readout is not None:
        lines += ["", "Membranes of the readout neurons after the last step:", ""]
        lines.append("    " + " ".join(str(value) for value in recording.readout[0]))
    return "\n".join(lines)
