"""Recall on a simulator: cues of damaged memories, beside nulls and the reference network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, InputArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.mapping.certificates.flips import certified_sets, losses, room_of
from spinspike.mapping.certificates.margins import certified, integer_margins
from spinspike.mapping.graph.codec import bias
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded
from spinspike.mapping.graph.nulls import permuted_couplings, without_couplings
from spinspike.model.network.dynamics import field, input_field, sign
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network
from spinspike.one_line import OneLine
from spinspike.simulators.base import Phases, Simulator, calibrated, seeded
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.registry import label
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.simulators.validation.protocol import PATTERNS_PER_BLOCK, RECORDED, default_phases
from spinspike.task import Progress

from .cues import damaged
from .fast import UnitEmulator, unit_emulator

NULLS = {
    "no couplings": "all couplings deleted; self-couplings and biases stay",
    "permuted": "every coupling comes from another unit",
    "another memory": "the intact graph, cued and held against memories with their units "
    "exchanged: what couplings of other memories would do",
}
FRACTIONS = tuple(k / 20 for k in range(9))  # 0 to .4
HOLD = 60  # steps after the cue
REFERENCE = "reference"
SHOWN = 3  # memories whose states are kept for pictures
CUES_PER_BATCH = 512  # cues that the reference follows together


@dataclass(frozen=True)
class Cues:
    """What is recalled: cues, the memories they come from, and by how much they are damaged."""

    damage: str
    fraction: FloatArray  # (B,) of units
    memory: IntArray  # (B,) number of the memory
    states: SpinArray  # (B, H) the damaged memories
    targets: SpinArray  # (B, H) the memories
    inputs: InputArray  # (B, D) that hold them


@dataclass(frozen=True, repr=False)
class Recall(OneLine):
    """What came of all cues on one simulator, or on a null, or in the reference network."""

    simulator: str
    regime: str
    null: str  # "", one of `NULLS`, or "reference"
    damage: str
    fraction: FloatArray  # (B,)
    memory: IntArray  # (B,)
    cue_overlap: FloatArray  # (B,) with the memory
    overlap: FloatArray  # (B,) at the end
    recalled: BoolArray  # (B,) exactly the memory at the end
    since: FloatArray  # (B,) first read-out of the state at the end: step, sweep or ms
    certified: BoolArray  # (B,) whether the graph holds the memory for certain
    proved: BoolArray  # (B,) whether the cue is certain to come home, by arithmetic
    cues: SpinArray  # (K, H) the first cues of the first memories, for pictures
    ends: SpinArray  # (K, H) what came of them
    unlike_emulator: int | None = None  # spikes unlike the emulator's; None: not compared

    def summary(self) -> str:
        """Where, and how many."""
        where = self.simulator + (f", {self.null}" if self.null else "")
        return f"{where}: {int(self.recalled.sum())} of {len(self.recalled)} cues recalled"


def recall(
    graph: SynapseGraph,
    simulator: Simulator | None = None,
    *,
    damage: str = "flip",
    fractions: Sequence[float] = FRACTIONS,
    patterns: int = 100,
    cues: int = 1,
    hold: int | None = None,
    nulls: bool = True,
    network: Network | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Recall]:
    """Force damaged memories for the cue phase, let go, and see what comes of them.

    Parameters
    ----------
    graph : SynapseGraph
        With memories: its "learned" states, or the "free" ones where it has none.
    simulator : Simulator, optional
        Any; the emulator when not given.
    damage : str
        "flip", "erase" or "noise"; see `cues.DAMAGES`.
    fractions : sequence of float
        Of units that are damaged, each 0 to 1.
    patterns : int
        At most so many memories, the first ones, each counted once.
    cues : int
        Drawn for each memory and fraction, 1 or more.
    hold : int, optional
        Steps, sweeps or ms after the cue; 60 steps, 50 sweeps or 500 ms when not given.
    nulls : bool
        Also run `NULLS`, on the same simulator with the same cues.
    network : Network, optional
        What the graph was mapped from: the reference, which sweeps synchronously from the cues.
    seed : int
        Of all cues and nulls; they do not depend on the simulator.
    progress : callable, optional
        Told how many cues are done, of how many.

    Returns
    -------
    list of Recall
        The graph first, then its nulls, then the reference.

    Raises
    ------
    BadInput
        The graph has no memories, or a number is out of range.

    Examples
    --------
    >>> from spinspike.mapping import map_network
    >>> from spinspike.model import store
    >>> memory = store(np.random.default_rng(0).choice([-1, 1], (4, 100)))
    >>> graph = map_network(memory.network, memory.fixed_points)
    >>> for outcome in recall(graph, fractions=[0.2]):
    ...     print(outcome)
    <Recall: emulator (step): 4 of 4 cues recalled>
    <Recall: emulator (step), no couplings: 0 of 4 cues recalled>
    <Recall: emulator (step), permuted: 0 of 4 cues recalled>
    <Recall: emulator (step), another memory: 0 of 4 cues recalled>
    """
    simulator = simulator or Emulator()
    memories = memories_of(graph).select(slice(patterns))
    given = drawn_cues(memories, damage, fractions, cues=cues, seed=seed)
    if network is not None and (network.units, network.inputs) != (
        graph.units,
        graph.io.centre.size,
    ):
        message = (
            f"the network has {network.units} units and {network.inputs} inputs; allowed: those of "
            f"the graph, {graph.units} and {graph.io.centre.size}"
        )
        raise BadInput(message)
    step = simulator.regime == "step"
    phases = default_phases(graph, simulator.regime, hold=hold or (HOLD if step else None))
    phases = replace(phases, clamped=0)
    ready = calibrated(simulator, graph)
    runs = ["", *(NULLS if nulls else ())]
    found = []
    for number, null in enumerate(runs):
        part = _part(progress, number, len(runs))
        found.append(_run(graph, ready, memories, given, phases, null, seed, part))
    if network is not None:
        found.append(_reference(graph, network, memories, given, phases, found[0]))
    return found


def memories_of(graph: SynapseGraph) -> FixedPoints:
    """The memories of a graph: its learned states, or the free ones, each once.

    Parameters
    ----------
    graph : SynapseGraph
        With threshold neurons.

    Raises
    ------
    BadInput
        It has none.
    """
    refuse_graded(graph)
    for kind in ("learned", "free"):
        if len(graph.fixed_points.get(kind, ())):
            return graph.fixed_points[kind].distinct
    message = "the graph carries no states; store patterns, or import J with states, and map them"
    raise BadInput(message)


def drawn_cues(
    memories: FixedPoints, damage: str, fractions: Sequence[float], *, cues: int = 1, seed: int = 0
) -> Cues:
    """Cues of every memory at every fraction, one fraction after the other.

    Parameters
    ----------
    memories : FixedPoints
        P of them.
    damage, fractions, cues, seed
        As for `recall`.

    Raises
    ------
    BadInput
        A number is out of range.
    """
    levels = np.asarray(fractions, dtype=np.float64)
    if cues < 1 or not len(memories) or levels.ndim != 1 or not levels.size:
        message = (
            f"there are {cues} cues of {len(memories)} memories at {levels.size} fractions; "
            "allowed: 1 or more of each"
        )
        raise BadInput(message)
    memory = np.tile(np.repeat(np.arange(len(memories)), cues), levels.size)
    fraction = np.repeat(levels, len(memories) * cues)
    targets = memories.states[memory]
    states = damaged(targets, fraction, damage, np.random.default_rng(seed))
    return Cues(damage, fraction, memory, states, targets, memories.inputs[memory])


def comes_home(graph: SynapseGraph, memories: FixedPoints, given: Cues) -> BoolArray:
    """Which cues are certain to become their memory, (B,), by arithmetic and without a run.

    In one step of a step simulator, and in any order of updates once each unit has had its turn.

    Parameters
    ----------
    graph : SynapseGraph
        With threshold neurons.
    memories : FixedPoints
        P of them.
    given : Cues
        B damaged ones; units that are erased are not wrong in any known way, and prove nothing.

    References
    ----------
    `spinspike.mapping.certificates.flips`: what wrong units take from the margins of others.
    """
    entries = losses(graph)
    rooms = room_of(entries, integer_margins(graph, memories))
    wrong, whole = given.states == -given.targets, (given.states != 0).all(axis=1)
    found = np.zeros(len(given.memory), dtype=np.bool_)
    for number, (state, room) in enumerate(zip(memories.states, rooms, strict=True)):
        rows = np.flatnonzero((given.memory == number) & whole)
        if rows.size and room.min(initial=0) >= 0:
            found[rows] = certified_sets(entries, state, room, wrong[rows])
    return found


def _run(
    graph: SynapseGraph,
    simulator: Simulator,
    memories: FixedPoints,
    given: Cues,
    phases: Phases,
    null: str,
    seed: int,
    progress: Progress | None,
) -> Recall:
    sure = certified(graph, memories)[given.memory]
    proved = comes_home(graph, memories, given) if not null else np.zeros_like(sure)
    rng = np.random.default_rng(seed)
    if null == "no couplings":
        graph = without_couplings(graph)
    elif null == "permuted":
        graph = permuted_couplings(graph, rng)
    elif null == "another memory":
        order = _exchanged(graph, rng)
        given = replace(given, states=given.states[:, order], targets=given.targets[:, order])
    fast = None
    plain = isinstance(simulator, Emulator) and not (simulator.spike_loss or simulator.noise)
    if plain and not len(graph.io.readout_bias):
        fast = unit_emulator(graph)
    ends, since, unlike = [], [], None
    for rows in _blocks(graph, simulator, phases, len(given.memory), fast):
        state, time, wrong = _block(graph, simulator, given, rows, phases, fast)
        ends.append(state)
        since.append(time)
        unlike = wrong if unlike is None else unlike + (wrong or 0)
        if progress:
            progress(min(rows.stop, len(given.memory)), len(given.memory))
    return _observed(
        given,
        np.concatenate(ends),
        np.concatenate(since),
        sure,
        proved,
        simulator=label(simulator.name, simulator.regime),
        regime=simulator.regime,
        null=null,
        unlike=unlike,
    )


def _block(
    graph: SynapseGraph,
    simulator: Simulator,
    given: Cues,
    rows: slice,
    phases: Phases,
    fast: UnitEmulator | None,
) -> tuple[SpinArray, FloatArray, int | None]:
    """States at the end, since when, and how many spikes are unlike the emulator's."""
    if fast is not None:
        inputs = given.inputs[rows]
        later = bias(graph, inputs if inputs.shape[1] else inputs[:1])
        quick = fast.run(given.states[rows], later, phases.total)
        return quick.states, quick.since.astype(np.float64), None
    fed = encode_stimulus(graph, given.inputs[rows], cue=given.states[rows])
    run = seeded(simulator, rows.start)
    recording = run.run(graph, fed, phases)
    last = recording.states[-1]
    moved = (recording.states != last).any(axis=2)  # (K, B)
    final = np.where(moved.any(axis=0), len(moved) - moved[::-1].argmax(axis=0), 0)
    since = recording.times[final]
    wrong = None
    if recording.regime == "step" and recording.spikes is not None and run.name != "emulator":
        oracle = Emulator().run(graph, fed, phases).spikes
        wrong = int(np.count_nonzero(recording.spikes != oracle))
    return last, since, wrong


def _blocks(
    graph: SynapseGraph,
    simulator: Simulator,
    phases: Phases,
    count: int,
    fast: UnitEmulator | None,
) -> list[slice]:
    """So many cues at a time that memory is bounded."""
    size = 8192
    if fast is None:
        size = PATTERNS_PER_BLOCK[simulator.regime]
        if simulator.regime != "continuous":
            size = int(np.clip(RECORDED // (phases.total * graph.neurons), 1, size))
    return [slice(start, start + size) for start in range(0, count, size)]


def _exchanged(graph: SynapseGraph, rng: np.random.Generator) -> IntArray:
    """An order of the units in which no unit keeps its place, by a cycle through each module."""
    order = np.arange(graph.units)
    per_module = graph.units // graph.modules
    for start in range(0, graph.units, per_module):
        cycle = start + rng.permutation(min(per_module, graph.units - start))
        order[cycle] = np.roll(cycle, 1)
    return order


def _reference(
    graph: SynapseGraph,
    network: Network,
    memories: FixedPoints,
    given: Cues,
    phases: Phases,
    like: Recall,
) -> Recall:
    """The network itself, in as many synchronous sweeps as the protocol has steps, 60 at least."""
    sweeps = max(HOLD, phases.total) if like.regime == "step" else HOLD
    ends, since = [], []
    for start in range(0, len(given.memory), CUES_PER_BATCH):
        rows = slice(start, start + CUES_PER_BATCH)
        external = input_field(network, given.inputs[rows])
        spins = given.states[rows].copy()
        last = np.ones(len(spins))
        moving = np.arange(len(spins))
        for sweep in range(2, sweeps + 1):
            moved = sign(field(network, spins[moving], external[moving]))
            changed = (moved != spins[moving]).any(axis=1)
            spins[moving] = moved
            moving = moving[changed]
            last[moving] = sweep
            if not moving.size:
                break
        ends.append(spins)
        since.append(last)
    return _observed(
        given,
        np.concatenate(ends),
        np.concatenate(since),
        certified(graph, memories)[given.memory],
        like.proved,
        simulator="network",
        regime="step",
        null=REFERENCE,
        unlike=None,
    )


def _observed(
    given: Cues,
    ends: SpinArray,
    since: FloatArray,
    sure: BoolArray,
    proved: BoolArray,
    *,
    simulator: str,
    regime: str,
    null: str,
    unlike: int | None,
) -> Recall:
    shown = np.flatnonzero(given.memory < SHOWN)
    return Recall(
        simulator=simulator,
        regime=regime,
        null=null,
        damage=given.damage,
        fraction=given.fraction,
        memory=given.memory,
        cue_overlap=_overlap(given.states, given.targets),
        overlap=_overlap(ends, given.targets),
        recalled=(ends == given.targets).all(axis=1),
        since=since,
        certified=sure,
        proved=proved,
        cues=given.states[shown],
        ends=ends[shown],
        unlike_emulator=unlike,
    )


def _overlap(states: SpinArray, targets: SpinArray) -> FloatArray:
    return np.asarray((states == targets).mean(axis=1) * 2 - 1)


def _part(progress: Progress | None, run: int, runs: int) -> Progress | None:
    """Progress of a run as that of all."""
    if progress is None:
        return None
    return lambda done, total: progress(run * total + done, runs * total)
