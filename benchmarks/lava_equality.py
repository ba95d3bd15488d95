"""Is the emulator Lava, spike for spike? Random graphs on both; exit code 1 if any differs.

    python benchmarks/lava_equality.py                      # 1,000 graphs; some minutes
    python benchmarks/lava_equality.py --graphs 40 --stock 8 --steps 60

Every graph is a random network of its own, mapped in a random encoding with 1 to 8 bits, dense or
sparse, its synapses delayed by up to 62 steps or not, with input by bias, binary or graded spikes
and with supervisory neurons that come on and fall silent. A quiet graph sees images and labels; a
loud one any numbers that fit the registers, under exponents as large as fit too, so that fields
fall below -4096 and membranes keep a residue from step to step.

Starting Lava takes a second, so graphs run side by side: graphs with the same populations become
one in which every graph's neurons are a block of each population and no synapse leads from block
to block. The neurons' equations see nothing of that. What runs together shares encoding, bits, kind
of input, exponents (the lowest that any of them was mapped with) and loudness. Blocks make a matrix
sparse, hence few dense graphs at a time. Some graphs run on lava-nc's own Dense, Sparse, DelayDense
and DelaySparse alone (stock), for a third of the steps, since these are slow.

Compared are all spikes in all steps, the readout's membranes at the end and the supervisory input
of every step. Beside it stand the nulls, in the same comparison: emulators that forget the residue,
or the delays, must differ in many graphs. With --one-by-one the emulator runs each graph by itself.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from unittest.mock import patch

import numpy as np
from scipy.sparse import coo_array, csr_array

from spinspike.arrays import BoolArray, FloatArray, IntArray
from spinspike.errors import OutOfRange
from spinspike.mapping import ENCODINGS, Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.delays import DELAYED, LONGEST_DELAY, longest_delay, with_delays
from spinspike.mapping.graph.graph import IOMap, Projection
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators import Emulator, Lava, Phases, Simulator, Stimulus
from spinspike.simulators.lava.registers import check_stimulus
from spinspike.simulators.stimulus import encode_stimulus

WAYS: tuple[InputMode, ...] = ("bias", "binary", "graded")
LOUDEST = 7  # exponent
CLASSES, PIXELS = 3, 5


@dataclass(frozen=True)
class Draw:
    """What graphs that run together have in common."""

    encoding: str
    bits: int
    way: InputMode
    dense: bool
    cued: bool  # input neurons start silent then, in all blocks alike
    loud: bool


@dataclass(frozen=True)
class Case:
    """A graph, what it sees, and what kind it is."""

    graph: SynapseGraph
    given: Stimulus
    kind: frozenset[str]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--graphs", type=int, default=1000, help="random graphs in all [1000]")
    parser.add_argument("--stock", type=int, default=60, help="of them on stock processes [60]")
    parser.add_argument("--steps", type=int, default=300, help="longest free phase [300]")
    parser.add_argument("--patterns", type=int, default=4, help="patterns of each graph [4]")
    parser.add_argument("--together", type=int, default=50, help="graphs in one run at most [50]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one-by-one", action="store_true", help="emulate each graph by itself")
    arguments = parser.parse_args()
    if (
        not 0 <= arguments.stock <= arguments.graphs
        or min(arguments.steps, arguments.patterns, arguments.together) < 1
    ):
        parser.error("allowed: 0 <= stock <= graphs; steps, patterns and together 1 or more")
    rng = np.random.default_rng(arguments.seed)
    started, total = perf_counter(), Counter[str]()
    ways = [(Lava(), arguments.graphs - arguments.stock), (Lava(stock=True), arguments.stock)]
    for lava, count in ways:
        size = (arguments.patterns, arguments.together)
        longest = arguments.steps // 3 if lava.stock else arguments.steps
        for cases in batches(rng, count, *size, stock=lava.stock):
            phases = Phases(
                cue=int(rng.integers(0, 4)),
                clamped=int(rng.integers(0, 20)),
                free=int(rng.integers(longest // 3, longest + 1)),
            )
            total += compare(cases, phases, lava, one_by_one=arguments.one_by_one)
            say(
                f"\r{total['graphs']} graphs of {arguments.graphs}, {total['differ']} differ, "
                f"{perf_counter() - started:.0f} s "
            )
    say("\n\n" + table(total) + "\n")
    return 1 if total["differ"] else 0


def table(total: Counter[str]) -> str:
    kinds = "dale pushpull signed bias binary graded dense sparse late loud supervised stock"
    counted = [*kinds.split(), *(f"{bits} bits" for bits in range(1, 9))]
    rows = [f"{kind:>12}: {total[kind]}" for kind in counted]
    return "\n".join(
        [
            f"{total['graphs']} graphs, {total['spikes']:,} spikes of {total['chances']:,} compared",
            *rows,
            f"Lava differs from the emulator in {total['differ']} graphs",
            f"null: an emulator without the residue differs in {total['without residue']} graphs",
            f"null: an emulator without the delays differs in {total['without delays']} graphs",
        ]
    )


def batches(
    rng: np.random.Generator, count: int, patterns: int, together: int, *, stock: bool
) -> Iterator[list[Case]]:
    """Graphs that can run side by side, so many in all."""
    done = 0
    while done < count:
        common = Draw(
            encoding=str(rng.choice(list(ENCODINGS))),
            bits=int(rng.integers(1, 9)),
            way=WAYS[rng.integers(3)],
            dense=bool(rng.random() < 0.5),
            cued=bool(rng.random() < 0.5),
            loud=bool(rng.random() < 0.7),
        )
        many = min(count - done, together, 5 if stock else 12 if common.dense else together)
        cases: list[Case] = []
        while len(cases) < many:
            case = draw_case(rng, common, patterns)
            if case and (not cases or same_populations(case, cases[0])):
                cases.append(case)
        done += many
        cases = alike(cases)
        yield louder(cases, rng) if common.loud else cases


def same_populations(one: Case, other: Case) -> bool:
    a, b = ([(p.name, p.neuron) for p in case.graph.populations] for case in (one, other))
    return a == b


def draw_case(rng: np.random.Generator, common: Draw, patterns: int) -> Case | None:
    """One random network, mapped, and what it sees; None if it cannot be mapped."""
    shape = Architecture(
        units=int(rng.integers(4, 25)),
        inputs=PIXELS,
        classes=CLASSES,
        sparsity=0.0 if common.dense else float(rng.uniform(0.5, 0.9)),
        self_coupling=float(rng.choice([0.0, 0.5, 1.0])),
        input_scale=float(rng.choice([0.3, 1.0])),
    )
    network = random_network(shape, rng, centre=np.full(PIXELS, 0.5))
    rounding = Rounding(weight_bits=common.bits, input=common.way)
    try:
        graph = map_network(network, encoding=common.encoding, rounding=rounding)
    except OutOfRange:
        return None
    longest = int(rng.choice([0, 0, 1, 5, int(rng.integers(6, LONGEST_DELAY)), LONGEST_DELAY]))
    graph = with_delays(graph, longest, rng)
    supervised = bool(rng.random() < 0.8)
    labels = rng.integers(0, CLASSES, patterns)
    cue = rng.choice(np.array([-1, 1], dtype=np.int8), (patterns, graph.units))
    given = encode_stimulus(
        graph,
        np.rint(rng.random((patterns, PIXELS))),
        labels=labels if supervised else None,
        cue=cue if common.cued else None,
    )
    kind = {common.encoding, f"{common.bits} bits", common.way}
    kind |= {"dense" if common.dense else "sparse"}
    kind |= {"late"} if longest_delay(graph) else set()
    kind |= {"supervised"} if supervised else set()
    return Case(graph, given, frozenset(kind))


def connection(p: Projection) -> tuple[object, ...]:
    return p.source, p.target, p.role, p.sign


def alike(cases: Sequence[Case], shift: int = 0) -> list[Case]:
    """The same graphs with one exponent for each connection, the lowest of all, and some more."""
    lowest: dict[tuple[object, ...], int] = {}
    for case in cases:
        for p in case.graph.projections:
            lowest[connection(p)] = min(p.exponent, lowest.get(connection(p), LOUDEST))
    found = []
    for case in cases:
        projections = tuple(
            replace(p, exponent=max(0, min(lowest[connection(p)] + shift, LOUDEST)))
            for p in case.graph.projections
        )
        found.append(replace(case, graph=replace(case.graph, projections=projections)))
    return found


def louder(cases: Sequence[Case], rng: np.random.Generator) -> list[Case]:
    """Any numbers that fit: biases, levels, sets of supervisory neurons, the highest exponents.

    Half of the neurons keep few synapses from others. When these are silent, after the first step
    or when a supervisory signal has just gone, a small bias is all there is, and what is left of
    the step before decides whether it suffices.
    """
    cases = [
        replace(thinned(c, rng), given=any_numbers(c, rng), kind=c.kind | {"loud"}) for c in cases
    ]
    for shift in range(LOUDEST, -LOUDEST - 1, -1):
        found = alike(cases, shift)
        try:
            for case in found:
                check_stimulus(case.graph, case.given)
        except OutOfRange:
            continue
        return found
    message = "no exponent fits"
    raise OutOfRange(message)


def thinned(case: Case, rng: np.random.Generator) -> Case:
    """Half of the neurons keep one in eight of the synapses from other neurons."""
    sizes = case.graph.sizes
    share = {name: np.where(rng.random(n) < 0.5, 0.125, 1.0) for name, n in sizes.items()}
    projections = []
    for p in case.graph.projections:
        if p.role not in DELAYED:
            projections.append(p)
            continue
        rows = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
        kept = rng.random(rows.size) < share[p.target][rows]
        counts = np.bincount(rows[kept], minlength=len(p.indptr) - 1)
        projections.append(
            replace(
                p,
                indptr=np.append(0, np.cumsum(counts)),
                indices=p.indices[kept],
                mantissa=p.mantissa[kept],
            )
        )
    return replace(case, graph=replace(case.graph, projections=tuple(projections)))


def any_numbers(case: Case, rng: np.random.Generator) -> Stimulus:
    given = case.given
    some = rng.random(given.supervisor.shape) < 0.2
    shape, half = given.bias.shape, rng.random((2, *given.bias.shape)) < 0.5
    return replace(
        given,
        first_bias=np.where(half[0], -4096, rng.integers(-4096, 4096, shape)),
        bias=np.where(half[1], rng.integers(-1, 6, shape), rng.integers(-4096, 1000, shape)),
        levels=rng.integers(0, case.graph.io.levels + 1, given.levels.shape),
        supervisor=given.supervisor | (some if "supervised" in case.kind else False),
    )


def compare(cases: Sequence[Case], phases: Phases, lava: Lava, *, one_by_one: bool) -> Counter[str]:
    """Counts of graphs, by kind and by whether a recording differs from the emulator's."""
    whole = side_by_side(cases)
    emulator = Emulator()
    if one_by_one:
        expected = show_each(cases, emulator, phases)
    else:
        expected = show(cases, emulator, phases, whole)
    found = show(cases, lava, phases, whole)
    with patch("spinspike.simulators.emulator.step.step", without_residue):
        forgetful = show(cases, emulator, phases, whole)
    prompt = replace(
        whole.graph, projections=tuple(replace(p, delay=0) for p in whole.graph.projections)
    )
    early = show(cases, emulator, phases, replace(whole, graph=prompt))
    total = Counter(kind for case in cases for kind in case.kind)
    if lava.stock:
        total["stock"] += len(cases)
    total["graphs"] += len(cases)
    total["chances"] += sum(spikes.size for spikes, _ in expected.parts)
    total["spikes"] += sum(int(spikes.sum()) for spikes, _ in expected.parts)
    total["differ"] += found.differing(expected)
    total["without residue"] += forgetful.differing(expected)
    total["without delays"] += early.differing(expected)
    return total


Part = tuple[BoolArray, IntArray]  # spikes (steps, B, N), readout (B, C)


@dataclass(frozen=True)
class Shown:
    """What a simulator showed of each graph, and the supervisory input of all."""

    parts: list[Part]
    supervisory: FloatArray  # (steps, B)

    def differing(self, other: Shown) -> int:
        """Graphs that differ; all of them if the supervisory input does."""
        if not np.array_equal(self.supervisory, other.supervisory):
            return len(self.parts)
        return sum(
            any(not np.array_equal(a, b) for a, b in zip(one, two, strict=True))
            for one, two in zip(self.parts, other.parts, strict=True)
        )


def without_residue(membrane: IntArray, field: IntArray) -> tuple[BoolArray, IntArray]:
    return field > 0, np.zeros_like(membrane)


def show(cases: Sequence[Case], simulator: Simulator, phases: Phases, whole: Case) -> Shown:
    """Run all graphs as one and take the recording apart."""
    recording = simulator.run(whole.graph, whole.given, phases)
    assert recording.spikes is not None
    assert recording.readout is not None
    outside = np.r_[: phases.cue, phases.release : phases.total]
    assert not recording.supervisory[outside].any()
    parts = [
        (recording.spikes[:, :, neurons], recording.readout[:, classes])
        for _, neurons, classes in blocks(cases)
    ]
    return Shown(parts, recording.supervisory)


def show_each(cases: Sequence[Case], simulator: Simulator, phases: Phases) -> Shown:
    """Run each graph by itself."""
    found = [show([case], simulator, phases, case) for case in cases]
    signal = np.sum([one.supervisory for one in found], axis=0)
    return Shown([part for one in found for part in one.parts], signal)


def blocks(cases: Sequence[Case]) -> Iterator[tuple[Case, IntArray, slice]]:
    """Which neurons and which classes of the whole each graph is."""
    names = cases[0].graph.named("threshold")
    starts, position = {}, 0
    for name in names:
        starts[name] = position
        position += sum(case.graph.sizes[name] for case in cases)
    for k, case in enumerate(cases):
        sizes = case.graph.sizes
        neurons = [starts[name] + np.arange(sizes[name]) for name in names]
        for name in names:
            starts[name] += sizes[name]
        yield case, np.concatenate(neurons), slice(k * CLASSES, (k + 1) * CLASSES)


def side_by_side(cases: Sequence[Case]) -> Case:
    """One graph in which the given ones are blocks, and its stimulus."""
    graphs = [case.graph for case in cases]
    first, ends = graphs[0], graphs[0].io
    order = np.argsort(np.concatenate([neurons for _, neurons, _ in blocks(cases)]))
    sizes = [{p.name: p.size for p in graph.populations} for graph in graphs]
    before = [
        {name: sum(size[name] for size in sizes[:k]) for name in first.sizes}
        for k in range(len(graphs) + 1)
    ]
    units = np.cumsum([0, *(graph.units for graph in graphs)])
    position = np.cumsum([0, *(graph.neurons for graph in graphs)])
    unit = np.concatenate([g.io.unit + u for g, u in zip(graphs, units, strict=False)])
    decoder = np.concatenate([g.io.decoder + n for g, n in zip(graphs, position, strict=False)])
    graph = replace(
        first,
        weight_bits=8,
        populations=tuple(replace(p, size=before[-1][p.name]) for p in first.populations),
        projections=tuple(together(graphs, before)),
        bias=np.concatenate([g.bias for g in graphs])[order],
        initial_bias=np.concatenate([g.initial_bias for g in graphs])[order],
        io=IOMap(
            centre=ends.centre,
            gain=ends.gain,
            input_range=ends.input_range,
            input_weight=csr_array((units[-1], PIXELS)),
            scale=np.ones(units[-1]),
            readout=np.ones((len(graphs) * CLASSES, units[-1])),
            unit=unit[order],
            input_sign=np.concatenate([g.io.input_sign for g in graphs])[order],
            decoder=np.argsort(order)[decoder],
            readout_bias=np.concatenate([g.io.readout_bias for g in graphs]),
            levels=ends.levels,
        ),
    )
    given = {
        name: np.concatenate([getattr(case.given, name) for case in cases], axis=1)
        for name in ("first_bias", "bias", "levels", "supervisor", "cue")
    }
    given |= {name: given[name][:, order] for name in ("first_bias", "bias")}
    return Case(graph, Stimulus(**given), frozenset())


def together(
    graphs: Sequence[SynapseGraph], before: Sequence[dict[str, int]]
) -> Iterator[Projection]:
    """Projections that are alike in all graphs as one, each graph's synapses in a block."""
    alike: dict[tuple[object, ...], list[tuple[Projection, dict[str, int]]]] = {}
    for graph, start in zip(graphs, before, strict=False):
        for p in graph.projections:
            alike.setdefault((*connection(p), p.exponent, p.delay), []).append((p, start))
    for group in alike.values():
        first, size = group[0][0], before[-1]
        rows = [
            start[p.target] + np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
            for p, start in group
        ]
        columns = [start[p.source] + p.indices for p, start in group]
        mantissa = np.concatenate([p.mantissa for p, _ in group])
        matrix = coo_array(
            (mantissa, (np.concatenate(rows), np.concatenate(columns))),
            shape=(size[first.target], size[first.source]),
        ).tocsr()
        yield replace(
            first,
            indptr=matrix.indptr.astype(np.int64),
            indices=matrix.indices.astype(np.int32),
            mantissa=matrix.data,
        )


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
