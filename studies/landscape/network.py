"""One network and what it is held against, from files to results: the other half of `explore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadFile, BadInput
from spinspike.model.landscape.counting.enumeration import count_fixed_points
from spinspike.model.landscape.search.belief_propagation import (
    MAX_LINKED_SPINS,
    bethe_entropy,
    linked,
)
from spinspike.model.landscape.search.convergence import Order
from spinspike.model.landscape.studies.survey import permuted, surroundings, survey
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network
from spinspike.studies.page.terminal import carried_out
from spinspike.task import Arrays, Task

COUNTED, COUNTED_ONCE = 22, 30  # units up to which fixed points are counted, without input alone
PAIRS_OF = 600  # units up to which two flips are looked at, which take a minute at 2000
AROUND = 5  # reached fixed points of each run whose surroundings are looked at
NO_INPUT = "no input"
RUNS = {"learned": "training images", "free": "test images"}


@dataclass(frozen=True)
class Subject:
    """A network to explore, under the fields of no input and of images."""

    name: str
    network: Network
    fields: Mapping[str, FloatArray]  # (P, H) for each of the conditions


@dataclass(frozen=True)
class Asked:
    """How it is explored."""

    starts: int = 50
    limit: int = 1000
    orders: tuple[Order, ...] = ("asynchronous", "synchronous")
    seed: int = 0


def subjects(
    paths: Sequence[Path], *, patterns: int, fresh: bool, seed: int
) -> tuple[list[Subject], dict[str, FixedPoints]]:
    """All that is compared, and the fixed points of the first file that they are asked for.

    Raises
    ------
    BadFile
        A file is neither a network nor a graph.
    BadInput
        Two of them cannot be compared.
    """
    loaded = [_loaded(path) for path in paths]
    first = loaded[0]
    points = {run: first.points[run].select(slice(patterns)) for run in RUNS if run in first.points}
    points = {run: p for run, p in points.items() if len(p)}
    found, names = [], _names(paths)
    for name, one in zip(names, loaded, strict=True):
        shape = one.network.units, one.network.inputs
        wanted = first.network.units, first.network.inputs
        if shape != wanted:
            message = (
                f"{name} has {shape[0]} units and {shape[1]} inputs; allowed beside {names[0]}: "
                f"{wanted[0]} and {wanted[1]}"
            )
            raise BadInput(message)
        fields = {RUNS[run]: one.field(p.inputs) for run, p in points.items()}
        found.append(Subject(name, one.network, {NO_INPUT: one.network.bias[None]} | fields))
    if fresh:
        other = permuted(first.network, np.random.default_rng(seed))
        found.append(Subject(f"{names[0]}, permuted", other, found[0].fields))
    return found, points


@dataclass(frozen=True)
class _Loaded:
    network: Network
    points: Mapping[str, FixedPoints]
    field: Any  # images (P, D) to fields (P, H)


def _loaded(path: Path) -> _Loaded:
    """A network, or a graph as a network of its units."""
    from functools import partial

    from spinspike.mapping.graph import graph_file
    from spinspike.mapping.graph.unit_network import unit_field, unit_network
    from spinspike.model.network import network_file
    from spinspike.model.network.dynamics import input_field

    try:
        content = network_file.load(path)
    except BadFile as error:
        if "spinspike graph" not in str(error):
            raise
        graph = graph_file.load(path)
        return _Loaded(unit_network(graph), graph.fixed_points, partial(unit_field, graph))
    return _Loaded(content.network, content.fixed_points, partial(input_field, content.network))


def _names(paths: Sequence[Path]) -> list[str]:
    """File names, or whole paths where two are the same."""
    short = [path.name for path in paths]
    names = short if len(set(short)) == len(short) else [str(path) for path in paths]
    if len(set(names)) < len(names):
        message = f"{names[-1]} is given twice; allowed: different files"
        raise BadInput(message)
    return names


def explored(
    found: Sequence[Subject],
    points: Mapping[str, FixedPoints],
    asked: Asked,
    folder: Path,
    *,
    fingerprint: str,
    jobs: int,
    scheduler: str | None,
) -> dict[str, Mapping[str, NDArray[Any]]]:
    """Explore every subject under every field that the folder does not hold yet."""
    tasks = []
    for number, subject in enumerate(found):
        tasks.append(Task(f"{number}_count", count, (subject.network, _all(subject), asked.seed)))
        for condition, fields in subject.fields.items():
            known = _known(points, condition)
            for image, external in enumerate(fields):
                state = known[image : image + 1]
                key = task_key(number, condition, image)
                arguments = subject.network, external, state, image, asked
                tasks.append(Task(key, explore_one, arguments))
    return carried_out(
        "explore", tasks, folder, fingerprint=fingerprint, jobs=jobs, scheduler=scheduler
    )


def task_key(number: int, condition: str, image: int) -> str:
    """Name of the result for one subject and image."""
    return f"{number}_{condition.replace(' ', '-')}_{image}"


def _all(subject: Subject) -> FloatArray:
    return np.concatenate(list(subject.fields.values()))


def _known(points: Mapping[str, FixedPoints], condition: str) -> SpinArray:
    """The states of the file for each image of a condition; none without input."""
    for run, name in RUNS.items():
        if name == condition:
            return points[run].states
    return np.empty((0, 0), dtype=np.int8)


def count(network: Network, fields: FloatArray, seed: int) -> Arrays:
    """How many fixed points there are under each field, each (P,).

    ``bethe`` is ln of Bethe's estimate, NaN where messages do not settle or links join too many
    spins for it; ``count`` the number, NaN where it would take too long: of larger networks only the
    first field is counted, if any.
    """
    estimate, counts = np.full((2, len(fields)), np.nan)
    if linked(network) <= MAX_LINKED_SPINS:
        estimate = bethe_entropy(network, np.random.default_rng(seed), external=fields).entropy
    many = len(fields) if network.units <= COUNTED else 1 if network.units <= COUNTED_ONCE else 0
    for number in range(many):
        counts[number] = count_fixed_points(network, external=fields[number], jobs=1)
    return {"bethe": estimate, "count": counts}


def explore_one(
    network: Network, external: FloatArray, known: SpinArray, image: int, asked: Asked
) -> Arrays:
    """One network under one field, and what lies around the states of the file and those reached.

    ``known`` is (1, H), or empty. All networks start from the same states under the same image.
    """
    rng = np.random.default_rng([asked.seed, image])
    found: dict[str, NDArray[Any]] = {}
    starts = None
    for order in asked.orders:
        s = survey(
            network, rng, external=external, starts=asked.starts if starts is None else starts,
            order=order, limit=asked.limit,
        )  # fmt: skip
        starts = s.starts
        own = {
            "period": s.period,
            "sweeps": s.sweeps,
            "start_overlap": s.start_overlap,
            "pair_overlap": s.pair_overlap,
            "distinct": np.array([len(s.points)]),
        }
        if len(known):
            own["known_overlap"] = (s.states[s.fixed] * known).mean(axis=1)
        found |= {f"{order}_{name}": values for name, values in own.items()}
        if order == asked.orders[0]:
            found |= _around("reached", network, s.points[:AROUND], external)
    if len(known):
        held = survey(network, rng, external=external, starts=known, order="synchronous", limit=1)
        fixed = held.fixed & (held.sweeps == 0)
        found |= {"held": fixed} | _around("known", network, known[fixed], external)
    return found


def _around(
    kind: str, network: Network, states: SpinArray, external: FloatArray
) -> dict[str, NDArray[Any]]:
    around = surroundings(
        network, states, external=external, moves=2 if network.units <= PAIRS_OF else 1
    )
    return {f"{kind}_{name}": values for name, values in vars(around).items()}
