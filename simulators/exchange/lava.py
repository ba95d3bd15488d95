"""The Lava process graph as a folder of its own, which runs without spinspike.

The folder holds a program, the network as one hierarchical process made of Lava's own LIF, Dense
and Sparse, where synapses have delays DelayDense and DelaySparse, the arrays, and a description of
them that outlives Lava. The files are templates beside this module, copied as they are.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spinspike.mapping.graph.graph import Population, SynapseGraph, refuse_graded
from spinspike.mapping.graph.registers import check_ranges
from spinspike.mapping.nir.flatten import unused
from spinspike.npz import write_npz
from spinspike.simulators.lava.network import stock_arrays, without_synapses

from .exporter import refusals, states_left_behind
from .folder import whole_folder
from .lava_description import describe

HERE = Path(__file__).parent
SHARED = HERE.parent / "lava"  # what the folder has from our own
TEMPLATE = HERE / "lava_template"
WRITTEN = {
    "network.py", "processes", "lava_mends.py", "watchdog.py", "README.md", "network.txt", "arrays.npz", "image.npy", "state.npy",
}  # fmt: skip
BIAS = """\
An input port takes the integer input of its neurons (`encode` in `network.py`) in every step, and
it acts in the same step."""
SPIKES = """\
`image` takes what the input neurons send in every step, 0 to @G@ for each pixel and @G@ for one
more that is always on (`encode` in `network.py`); it acts one step later. What acts in the first
step is handed over as `levels` instead."""
ON_CHIP = """\
The class is the readout neuron with the highest membrane, `network.readout.get()` while the network
is paused: neurons with a threshold that is never reached, whose membrane counts in 1/64 weight
units."""
OFF_CHIP = "There are no readout neurons: `decode` in `network.py` finds the class from the spikes."
CSR = ("data", "indices", "indptr")
FILES = ("network.py", "processes/__init__.py", "processes/attractor_network.py")
COPIED = {
    "mends.py": "lava_mends.py",
    "watchdog.py": "watchdog.py",
    "parts.py": "processes/parts.py",
}


def obstacles(graph: SynapseGraph) -> list[str]:
    """What of a graph the Lava program cannot carry, and why.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    """
    return refusals(lambda: refuse_graded(graph), lambda: check_ranges(graph))


def omissions(graph: SynapseGraph) -> list[str]:
    """What of a graph the Lava program leaves out, and why.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    """
    return states_left_behind(graph, "the Lava program holds no states")


def write(graph: SynapseGraph, path: Path | str, *, force: bool = False) -> Path:
    """Write a graph as a self-contained Lava program.

    The folder is complete or absent: it is written under a temporary name beside its place.

    Parameters
    ----------
    graph : SynapseGraph
        One that has no `obstacles`.
    path
        The folder. It must not exist, unless ``force``; its parent must.
    force
        Replace a folder that was exported earlier and holds nothing else.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BadInput
        The folder exists and ``force`` is not set, holds other files, or has no parent.
    OutOfRange
        A number of the graph does not fit the chip's registers.
    """
    path = Path(path)
    with whole_folder(path, WRITTEN, force=force) as new:
        refuse_graded(graph)
        check_ranges(graph)
        _write(_with_ports(graph), new)
    return path


def _with_ports(graph: SynapseGraph) -> SynapseGraph:
    """Lava finds no process for what feeds a port that leads nowhere: it leads to no synapses."""
    ports: tuple[Literal["supervisory", "input"], ...] = ("supervisory", "input")
    for model in ports[: 2 if graph.io.levels else 1]:
        if any(p.source in graph.named(model) for p in graph.projections):
            continue
        size = max(1, graph.classes) if model == "supervisory" else graph.io.centre.size + 1
        source = next(iter(graph.named(model)), unused(model, graph.sizes))
        if source not in graph.sizes:
            population = Population(source, size, model)
            graph = replace(graph, populations=(*graph.populations, population))
        added = without_synapses(graph, source, next(iter(graph.slices())), model)
        graph = replace(graph, projections=(*graph.projections, added))
    return graph


def _write(graph: SynapseGraph, folder: Path) -> None:
    (folder / "processes").mkdir()
    for file in FILES:
        shutil.copyfile(TEMPLATE / file, folder / file)
    for file, place in COPIED.items():
        shutil.copyfile(SHARED / file, folder / place)
    (folder / "README.md").write_text(_readme(graph), encoding="utf-8")
    arrays = _arrays(graph)
    (folder / "network.txt").write_text(describe(graph, arrays), encoding="utf-8")
    write_npz(folder / "arrays.npz", arrays)
    if "free" in graph.fixed_points and len(graph.fixed_points["free"]):
        np.save(folder / "image.npy", "state.npy", graph.fixed_points["free"].inputs[0])
    elif not graph.io.centre.size and len(graph.fixed_points.get("learned", ())):
        np.save(folder / "state.npy", graph.fixed_points["learned"].states[0])


def _arrays(graph: SynapseGraph) -> dict[str, Any]:
    """What ``arrays.npz`` holds: the network's, and what encodes an image and decodes a state."""
    ends, arrays = graph.io, stock_arrays(graph)
    head = {
        "format": 3,
        "encoding": graph.encoding,
        "weight_bits": graph.weight_bits,
        "modules": graph.modules,
        **json.loads(str(arrays["head"])),
    }
    return {
        **arrays,
        "head": np.array(json.dumps(head)),
        "centre": ends.centre,
        "gain": ends.gain,
        "input_range": np.array(ends.input_range),
        **{f"input_{part}": getattr(ends.input_weight, part) for part in CSR},
        "scale": ends.scale,
        "readout": ends.readout,
        "unit": ends.unit,
        "input_sign": ends.input_sign,
        "decoder": ends.decoder,
    }


def _readme(graph: SynapseGraph) -> str:
    names = list(graph.slices())
    low, high = graph.io.input_range
    values = {
        "SUMMARY": f"{graph.units} units as {graph.neurons} neurons ({graph.encoding} encoding), "
        f"{graph.synapses} synapses of {graph.weight_bits} bits, {graph.classes} classes.",
        "PIXELS": str(graph.io.centre.size),
        "LOW": f"{low:g}",
        "HIGH": f"{high:g}",
        "GIVEN": ", levels=levels" if graph.io.levels else "",
        "PORTS": "`image`" if graph.io.levels else ", ".join(f"`input_{name}`" for name in names),
        "INPUT": (SPIKES if graph.io.levels else BIAS).replace("@G@", str(graph.io.levels)),
        "OUTPUTS": ", ".join(f"`spikes_{name}`" for name in names),
        "READOUT": (ON_CHIP if graph.named("readout") else OFF_CHIP),
    }
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
