"""The graph artefact: populations, projections, biases, ends and fixed points in HDF5."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.hdf5 import Reader, reading, write
from spinspike.model.network.network_file import (
    fixed_point_arrays,
    read_fixed_points,
    read_gain,
    read_provenance,
    read_range,
    read_sparse,
    sparse_arrays,
)

from .encoding import ENCODINGS, MIRROR
from .graph import INNER, NEURONS, ROLES, Graded, IOMap, Population, Projection, SynapseGraph
from .register_limits import FULL_BITS, LEVELS_LIMIT, MESSAGE_LIMIT, STATE_BITS
from .registers import check_ranges

IO_ARRAYS = ("centre", "scale", "readout", "unit", "input_sign", "decoder")
# Biases are called offsets in files, as they were when the format was made.
Contents = tuple[dict[str, Any], dict[str, Any]]  # arrays, attributes


def save(path: Path | str, graph: SynapseGraph, *, force: bool = False) -> None:
    """Write a graph, whole or not at all.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    graph : SynapseGraph
    force : bool
        Replace a file that exists.
    """
    write(path, "graph", *contents(graph), force=force)


def contents(graph: SynapseGraph) -> Contents:
    """The arrays and attributes that say all of a graph."""
    arrays = {name: getattr(graph.io, name) for name in IO_ARRAYS}
    arrays |= {
        "readout_offset": graph.io.readout_bias,
        "input_range": np.array(graph.io.input_range),
        **sparse_arrays("input_weight", graph.io.input_weight),
        "offset": graph.bias,
        "first_offset": graph.initial_bias,
        **fixed_point_arrays(graph.fixed_points),
    }
    for index, projection in enumerate(graph.projections):
        for part in ("indptr", "indices", "mantissa"):
            arrays[f"projection{index}_{part}"] = getattr(projection, part)
    attributes = {
        "encoding": graph.encoding,
        "weight_bits": graph.weight_bits,
        "modules": graph.modules,
        "levels": graph.io.levels,
        "gain": graph.io.gain,
        "populations": json.dumps([[p.name, p.size, p.neuron] for p in graph.populations]),
        "projections": json.dumps(
            [[p.source, p.target, p.role, p.sign, p.exponent, p.delay] for p in graph.projections]
        ),
        "provenance": json.dumps(dict(graph.provenance)),
    }
    if graph.graded is not None:
        attributes |= {**vars(graph.graded), "exact": int(graph.graded.exact)}
    return arrays, attributes


def load(path: Path | str) -> SynapseGraph:
    """Read a graph, checking every array and every range.

    Parameters
    ----------
    path : path
        A graph file.

    Raises
    ------
    BadFile
        The file is missing, corrupt or not a graph.
    OutOfRange
        A number in it does not fit the chip.
    """
    with reading(path, "graph") as file:
        return read(file)


def read(file: Reader) -> SynapseGraph:
    """The graph that an open file holds, checked as `load` does."""
    populations = _populations(file)
    graded = any(p.neuron == "graded" for p in populations)
    encoding, allowed = file.text("encoding"), (MIRROR,) if graded else tuple(ENCODINGS)
    if encoding not in allowed:
        file.fail(f"encoding is {encoding!r}; allowed: {', '.join(allowed)}")
    neurons = sum(p.size for p in populations if p.neuron in INNER)
    ends = _ends(file, neurons, MESSAGE_LIMIT if graded else LEVELS_LIMIT)
    units, classes = len(ends.scale), len(ends.readout)
    _check_sizes(file, populations, ends, graded=graded)
    graph = SynapseGraph(
        encoding=encoding,
        weight_bits=_whole(file, "weight_bits", 1, FULL_BITS),
        populations=populations,
        projections=_projections(file, populations, signed=encoding == "signed"),
        bias=file.array("offset", "int", (neurons,)),
        initial_bias=file.array("first_offset", "int", (neurons,)),
        io=ends,
        modules=_whole(file, "modules", 1, units),
        fixed_points=read_fixed_points(file, units, len(ends.centre), classes),
        provenance=read_provenance(file),
        graded=_graded(file) if graded else None,
    )
    if graded and populations != Graded.populations(units):
        file.fail(f"populations are {populations}; allowed: {Graded.populations(units)}")
    check_ranges(graph)
    return graph


def _graded(file: Reader) -> Graded:
    """What the numbers of graded neurons stand for."""
    step, scale = file.number("step"), file.number("readout_scale")
    if not 0 < step <= 1:
        file.fail(f"step is {step:g}; allowed: above 0, up to 1")
    if scale <= 0:
        file.fail(f"readout_scale is {scale:g}; allowed: above 0")
    shift, exact = _whole(file, "shift", 0, STATE_BITS), bool(_whole(file, "exact", 0, 1))
    return Graded(shift, step, exact, scale)


def _whole(file: Reader, name: str, low: int, high: int) -> int:
    value = file.number(name)
    if value != int(value) or not low <= value <= high:
        file.fail(f"{name} is {value:g}; allowed: a whole number from {low} to {high}")
    return int(value)


def _rows(file: Reader, name: str, types: tuple[type, ...]) -> list[list[Any]]:
    """A JSON list of rows whose entries have the given types."""
    try:
        rows = json.loads(file.text(name))
    except (ValueError, RecursionError) as error:
        file.fail(f"{name} is not JSON: {error}")
    right = isinstance(rows, list) and all(
        isinstance(row, list) and [type(entry) for entry in row] == list(types) for row in rows
    )
    if not right:
        file.fail(f"{name} is not a list of {[t.__name__ for t in types]}")
    return list(rows)


def _populations(file: Reader) -> tuple[Population, ...]:
    found = tuple(Population(*row) for row in _rows(file, "populations", (str, int, str)))
    names = [p.name for p in found]
    for population in found:
        if population.neuron not in NEURONS or not 1 <= population.size < 2**24:
            file.fail(f"population {population} is not allowed")
    inner = {p.neuron for p in found} & set(INNER)
    if len(set(names)) != len(names) or not inner:
        file.fail(f"populations are {names}; allowed: distinct names, one threshold population")
    if len(inner) > 1:
        file.fail(f"populations are {names}; allowed: threshold neurons or graded ones, not both")
    return found


def _check_sizes(
    file: Reader, populations: tuple[Population, ...], ends: IOMap, *, graded: bool
) -> None:
    """Populations at the ends have as many neurons as there are classes or pixels.

    Graded input neurons are two for each signal, for its positive and its negative part.
    """
    classes, pixels = len(ends.readout), len(ends.centre) + 1 if ends.levels else 0
    if graded:
        pixels = 2 * len(ends.centre)
    allowed = {"supervisory": classes, "readout": classes, "input": pixels}
    for population in populations:
        if allowed.get(population.neuron, population.size) != population.size:
            file.fail(f"{population} has the wrong size; allowed: {allowed[population.neuron]}")
    readouts = sum(p.size for p in populations if p.neuron == "readout")
    if readouts != len(ends.readout_bias):
        file.fail(f"{len(ends.readout_bias)} readout biases for {readouts} readout neurons")


def _projections(
    file: Reader, populations: tuple[Population, ...], *, signed: bool
) -> tuple[Projection, ...]:
    sizes = {p.name: p.size for p in populations}
    neuron = {p.name: p.neuron for p in populations}
    found: list[Projection] = []
    for index, row in enumerate(_rows(file, "projections", (str, str, str, int, int, int))):
        source, target, role, sign, exponent, delay = row
        if source not in sizes or target not in sizes or sign not in (-1, 1):
            file.fail(f"projection {row} is not between populations of the graph")
        between = tuple("threshold" if neuron[p] in INNER else neuron[p] for p in (source, target))
        if role not in ROLES or between != _ends_of(role):
            file.fail(f"projection {row} has role {role!r}, which its populations cannot have")
        indptr = file.array(f"projection{index}_indptr", "int", (sizes[target] + 1,))
        indices = file.array(f"projection{index}_indices", "int", (None,))
        mantissa = file.array(f"projection{index}_mantissa", "int", (len(indices),))
        if not (
            indptr[0] == 0 and indptr[-1] == len(indices) and (indptr[1:] >= indptr[:-1]).all()
        ):
            file.fail(f"projection {row} has row pointers that do not match its synapses")
        if not len(indices) or indices.min() < 0 or indices.max() >= sizes[source]:
            file.fail(f"projection {row} has no synapses or some from neurons that do not exist")
        if mantissa.min() < 1 or mantissa.max() > 255:
            file.fail(f"projection {row} has weights {mantissa.min()} to {mantissa.max()}")
        one = Projection(
            source=source,
            target=target,
            role=role,
            sign=sign,
            exponent=exponent,
            indptr=indptr,
            indices=indices.astype(np.int32),
            mantissa=mantissa.astype(np.uint8),
            delay=delay,
        )
        found.append(_sharing(one, found))
    _check_signs(file, found, signed=signed)
    return tuple(found)


def _sharing(projection: Projection, others: Sequence[Projection]) -> Projection:
    """The projection with the arrays of an equal one, as twins share them when they are mapped."""
    parts = ("indptr", "indices", "mantissa")
    for other in others:
        if all(np.array_equal(getattr(projection, p), getattr(other, p)) for p in parts):
            return replace(projection, **{part: getattr(other, part) for part in parts})
    return projection


def _ends_of(role: str) -> tuple[str, str]:
    """Neuron models that a projection of a role goes from and to."""
    if role in ("supervisory", "input"):
        return role, "threshold"
    return "threshold", "readout" if role == "readout" else "threshold"


def _check_signs(file: Reader, projections: list[Projection], *, signed: bool) -> None:
    """Names are unique, and every population obeys Dale's law unless neurons are signed."""
    names = [p.name for p in projections]
    if len(set(names)) != len(names):
        file.fail(f"projections are {names}; allowed: distinct ones")
    if signed:
        return
    signs = {(p.source, p.sign) for p in projections}
    for source in {p.source for p in projections}:
        if {(source, 1), (source, -1)} <= signs:
            file.fail(f"population {source} has synapses of both signs; allowed: one")


def _ends(file: Reader, neurons: int, levels: int) -> IOMap:
    centre = file.array("centre", "float", (None,))
    scale = file.array("scale", "float", (None,))
    units, inputs = len(scale), len(centre)
    unit = file.array("unit", "int", (neurons,))
    decoder = file.array("decoder", "int", (units,))
    input_sign = file.array("input_sign", "int", (neurons,))
    for name, index, bound in (("unit", unit, units), ("decoder", decoder, neurons)):
        if not len(index) or index.min() < 0 or index.max() >= bound:
            file.fail(f"{name} points outside 0 to {bound - 1}")
    if not np.isin(input_sign, (-1, 1)).all():
        file.fail("input_sign has other values than -1 and +1")
    if not (scale > 0).all():
        file.fail(f"scale is {scale.min()}; allowed: above 0")
    return IOMap(
        centre=centre,
        gain=read_gain(file),
        input_range=read_range(file),
        input_weight=read_sparse(file, "input_weight", (units, inputs)),
        scale=scale,
        readout=file.array("readout", "float", (None, units)),
        unit=unit,
        input_sign=input_sign,
        decoder=decoder,
        readout_bias=file.array("readout_offset", "int", (None,)),
        levels=_whole(file, "levels", 0, levels),
    )
