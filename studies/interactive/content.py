"""What the page is told: graphs, scenes and patterns, as a header in words and arrays beside it.

Arrays are written so that gzip finds little in them: twins, neurons that receive the same synapses, as
what they differ by from the first of them, and spikes as what changes from one step to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import BoolArray, IntArray
from spinspike.mapping import Placement, SynapseGraph, population_view
from spinspike.mapping.graph.fields import input_field
from spinspike.mapping.graph.graph import Projection
from spinspike.mapping.pictures.layout import arrange
from spinspike.simulators import NULLS, RUNS
from spinspike.simulators.emulator.by_source import twins
from spinspike.simulators.registry import label

from .packed import Pack
from .scenes import Scene

SLIM = 4  # a picture whose number of pixels is no square is at most so many times wider than high


def packed(
    graphs: Mapping[str, SynapseGraph],
    scenes: Sequence[Scene],
    placed: Mapping[str, Placement],
    *,
    title: str,
    chip: str,
    made_by: str,
) -> bytes:
    """The data of a page.

    Parameters
    ----------
    graphs : mapping of str to SynapseGraph
        By the name that the page gives them.
    scenes : sequence of Scene
        Runs on these.
    placed : mapping of str to Placement
        Where the neurons of each graph lie; empty where no chip is asked for.
    title, chip, made_by : str
        What stands on top, the chip, and what stands at the foot.
    """
    pack = Pack()
    names, stands = list(graphs), [twins(graph) for graph in graphs.values()]
    header = {
        "title": title,
        "made_by": made_by,
        "chip": chip,
        "runs": {s.outcome.run: RUNS[s.outcome.run] for s in scenes},
        "nulls": dict(NULLS),
        "graphs": [
            _graph(pack, name, graph, stands[k], placed.get(name))
            for k, (name, graph) in enumerate(graphs.items())
        ],
        "patterns": {s.outcome.run: _patterns(pack, s) for s in scenes},
        "scenes": [_scene(pack, s, graphs[names[s.shown]], stands[s.shown]) for s in scenes],
    }
    return pack.finish(header)


def image_shape(pixels: int) -> tuple[int, int]:
    """Height and width of a picture of so many pixels: a square, or what comes next to one.

    Examples
    --------
    >>> image_shape(64), image_shape(12), image_shape(7)
    ((8, 8), (3, 4), (1, 7))
    """
    height = isqrt(pixels)
    while height > 1 and (pixels % height or pixels // height > SLIM * height):
        height -= 1
    return max(height, 1), pixels // max(height, 1)


def _graph(
    pack: Pack, name: str, graph: SynapseGraph, stands: IntArray, placement: Placement | None
) -> dict[str, Any]:
    ends = graph.io
    layout = arrange(population_view(graph))
    return {
        "name": name,
        "summary": graph.summary(),
        "encoding": graph.encoding,
        "bits": graph.weight_bits,
        "units": graph.units,
        "classes": graph.classes,
        "synapses": graph.synapses,
        "populations": [
            {"name": p.name, "size": p.size, "neuron": p.neuron} for p in graph.populations
        ],
        "projections": [_projection(pack, p) for p in graph.projections],
        "bias": pack.add(graph.bias),
        "unit": pack.add(ends.unit),
        "input_sign": pack.add(ends.input_sign),
        "decoder": pack.add(ends.decoder),
        "scale": pack.add(ends.scale),
        "twin": pack.add(stands),
        "core": placement and pack.add(placement.core[: graph.neurons]),
        "chip_of_core": placement and placement.chip.tolist(),
        "width": layout.width,
        "height": layout.height,
        "boxes": [
            {"name": b.name, "lines": b.lines, "kind": b.kind}
            | {"x": b.x, "y": b.y, "width": b.width, "height": b.height}
            for b in layout.boxes
        ],
        "wires": [
            {"name": w.name, "sign": w.sign, "label": w.label, "points": w.points}
            | {"thickness": w.thickness, "direction": w.direction}
            for w in layout.wires
        ],
    }


def _projection(pack: Pack, p: Projection) -> dict[str, Any]:
    return {
        "name": p.name,
        "source": p.source,
        "target": p.target,
        "role": p.role,
        "sign": p.sign,
        "exponent": p.exponent,
        "delay": p.delay,
        "counts": pack.add(np.diff(p.indptr)),
        "mantissa": pack.add(p.mantissa),
    }


def _steps(p: Projection) -> IntArray:
    """Sources of the synapses, each as its distance from the one before."""
    return np.asarray(np.diff(p.indices.astype(np.int64), prepend=0), dtype=np.int64)


def _patterns(pack: Pack, scene: Scene) -> dict[str, Any]:
    """What all scenes of a run have in common: pictures, labels, s*.

    Where there are no inputs the picture is s* itself.
    """
    points = scene.outcome.points
    seen, (low, high) = points.inputs, scene.graph.io.input_range
    if not seen.shape[1]:
        seen, (low, high) = points.states, (-1, 1)
    shape = image_shape(seen.shape[1])
    pixels = np.rint((seen - low) * (255 / max(high - low, 1e-300))).clip(0, 255)
    return {
        "count": len(points),
        "image": list(shape),
        "pixels": pack.add(pixels.astype(np.uint8)),
        "labels": pack.add(points.labels),
        "star": pack.add(np.packbits(points.states > 0, axis=1, bitorder="little")),
    }


def _scene(pack: Pack, scene: Scene, intact: SynapseGraph, stands: IntArray) -> dict[str, Any]:
    o, r, given = scene.outcome, scene.recording, scene.stimulus
    graph, of = scene.graph, {p.name: k for k, p in enumerate(intact.projections)}
    where = label(o.simulator, o.regime)
    later = given.bias + input_field(graph, given.levels) - graph.bias
    first = given.first_bias + input_field(graph, given.first_levels)
    cells = r.states > 0 if r.spikes is None else r.spikes
    own = stands if r.spikes is not None else np.arange(graph.units)
    told = given.supervisor.any(axis=1)  # of a label; argmax alone refuses graphs without classes
    clamped = np.where(told, np.argmax(np.pad(given.supervisor, ((0, 0), (0, 1))), axis=1), -1)
    return {
        "graph": scene.shown,
        "simulator": where,
        "regime": o.regime,
        "run": o.run,
        "null": o.null,
        "kept": "units" if r.spikes is None else "neurons",
        "spikes": pack.add(_changes(cells, own)),
        "times": pack.add(r.times),
        "cue": scene.phases.cue,
        "release": r.release,
        "supervisory": pack.add(r.supervisory.astype(np.float64)),
        "clamped": pack.add(clamped),
        "bias": pack.add(graph.bias),
        "input": pack.add(_apart(later, stands)),
        "first": pack.add(_apart(first, stands)),
        "projections": [[of[p.name], pack.add(_steps(p))] for p in graph.projections],
        "away": pack.add(o.away.T),
        "exact": pack.add(o.exact),
        "held": pack.add(o.held),
        "margin": pack.add(o.margin),
        "weakest": pack.add(o.weakest),
        "read": pack.add(o.classes),
        "meant": pack.add(o.reference_classes),
    }


def _apart(values: IntArray, stands: IntArray) -> IntArray:
    """Twins as what they differ by from the one that stands for them; (P, N)."""
    others = np.flatnonzero(stands != np.arange(len(stands)))
    found = values.copy()
    found[:, others] -= values[:, stands[others]]
    return found


def _changes(spikes: BoolArray, stands: IntArray) -> NDArray[np.uint8]:
    """Spikes (T, P, N) as bits of what changes, (P, T, bytes): from step to step, and among twins."""
    others = np.flatnonzero(stands != np.arange(len(stands)))
    found = spikes.transpose(1, 0, 2).copy()
    found[:, :, others] ^= found[:, :, stands[others]]
    found[:, 1:] ^= found[:, :-1].copy()
    return np.packbits(found, axis=2, bitorder="little")
