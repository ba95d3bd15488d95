"""Whether a graph fits a target: every limit, what it is asked for, and who asks the most.

Checked before anything runs: simulated and real chips wrap, clip or hang without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spinspike.arrays import IntArray
from spinspike.mapping.graph.graph import Projection, SynapseGraph
from spinspike.mapping.graph.registers import bias_range, readout_reach, synaptic_reach

from .core_usage import allowed_per_core
from .placement import Placement, place
from .synapse_memory import SynapseLists, synapse_lists
from .target import MAX_LIMIT, Target

OUTSIDE = ("supervisory", "input")


@dataclass(frozen=True)
class Finding:
    """One limit and what the graph asks of it."""

    limit: str  # name of the limit in `Target`
    used: int
    allowed: int
    unit: str
    where: str  # who asks the most: a population, neuron, projection or core
    fits: bool

    @property
    def label(self) -> str:
        """The limit in words."""
        return self.limit.replace("_", " ")

    def __str__(self) -> str:
        return f"{self.where} needs {self.used:,} {self.unit}; allowed: {self.allowed:,}"


def check(
    graph: SynapseGraph, target: Target, placement: Placement | None = None, *, chips: int = 1
) -> list[Finding]:
    """Hold a graph against every limit of a target.

    Bias, membrane and accumulator are taken at their worst: every image inside the input range,
    and all synapses of one sign active at once.

    Parameters
    ----------
    graph : SynapseGraph
    target : Target
    placement : Placement, optional
        By default the one that `place` finds.
    chips : int
        How many chips there are.

    Returns
    -------
    list of Finding
        One for each limit of the target, in the target's order; never raises for a misfit.

    Examples
    --------
    >>> from spinspike.mapping import load_target, map_network
    >>> from spinspike.model.network.architecture import Architecture
    >>> from spinspike.model.network.network import random_network
    >>> architecture = Architecture(units=40, inputs=4, classes=3)
    >>> graph = map_network(random_network(architecture, np.random.default_rng(0), centre=np.zeros(4)))
    >>> print(next(f for f in check(graph, load_target("brainscales2")) if not f.fits))
    projection E>E:coupling+ needs 8 bits for its weights; allowed: 6
    """
    case = _Case(graph, target, place(graph, target) if placement is None else placement, chips)
    asked = [key for key, value in target.limits.items() if key in CHECKS and value is not True]
    return [CHECKS[key](case, key) for key in asked]


@dataclass(frozen=True)
class _Case:
    """A graph on a target; arrays have one entry for each placed neuron."""

    graph: SynapseGraph
    target: Target
    placement: Placement
    chips: int

    @cached_property
    def lists(self) -> SynapseLists:
        return synapse_lists(self.graph)

    @cached_property
    def reach(self) -> IntArray:
        """Largest excitatory and largest inhibitory input, in weight units; (2, placed)."""
        found = np.array(synaptic_reach(self.graph))
        if self.graph.named("readout"):
            found = np.hstack([found, np.array(readout_reach(self.graph))])
        return found

    @cached_property
    def bias(self) -> IntArray:
        """Largest bias upwards and downwards, in weight units; (2, placed)."""
        low, high = bias_range(self.graph)
        own = np.clip([high, -low], -MAX_LIMIT, MAX_LIMIT).astype(np.int64)
        readout = self.graph.io.readout_bias
        return np.hstack([own, [readout, -readout]])

    def share(self, resource: str) -> IntArray:
        """What each neuron takes of a resource of its core, or a measure of it."""
        own = np.arange(self.lists.placed) >= self.graph.neurons
        own &= self.target.readouts_per_core is not None
        if resource in ("neurons", "readouts"):
            return np.asarray(own == (resource == "readouts"), dtype=np.int64)
        return self.placement.usage.axons_of if resource == "axons_out" else self.lists.fan_in

    def number(self, key: str) -> int:
        """The value of a limit; 0 if there is none."""
        return int(getattr(self.target, key) or 0)

    def neuron(self, number: int) -> str:
        name, index = self.lists.owner(number)
        return f"population {name}, neuron {index}"

    def population(self, share: IntArray) -> str:
        """The population that takes most of something."""
        edges = [k for k in self.lists.start.values() if k < self.lists.placed]
        most = edges[int(np.add.reduceat(share, edges).argmax())]
        return f"population {self.lists.owner(most)[0]}"

    def register(self, bits: str) -> int:
        """Largest value of a register of the membrane, in weight units."""
        return ((1 << self.number(bits) - 1) - 1) >> self.number("state_shift")

    def finding(
        self, key: str, used: int, unit: str, where: str, allowed: int | None = None
    ) -> Finding:
        allowed = self.number(key) if allowed is None else allowed
        return Finding(key, int(used), allowed, unit, where, bool(used <= allowed))

    def worst(self, key: str, used: IntArray, unit: str, allowed: int | None = None) -> Finding:
        """About the neuron with the largest value."""
        most = int(used.argmax())
        return self.finding(key, used[most], unit, self.neuron(most), allowed)


Check = Callable[[_Case, str], Finding]


def _cores(case: _Case, key: str) -> Finding:
    """Named are the resource that asks for so many cores, and the population that takes most."""
    usage, limits = case.placement.usage, allowed_per_core(case.target)
    asked = {name: getattr(usage, name).sum() / limit for name, limit in limits.items()}
    scarce = max(asked, key=asked.__getitem__, default="neurons")
    where = f"the graph, for its {scarce.replace('_', ' ')}, mostly of "
    where += f"{case.population(case.share(scarce))},"
    unit = "cores" if case.chips == 1 else f"cores of {case.chips} chips"
    return case.finding(key, case.placement.cores, unit, where, case.number(key) * case.chips)


def _per_core(resource: str, unit: str) -> Check:
    """The core that is asked for most, and who takes most on it."""

    def found(case: _Case, key: str) -> Finding:
        used = getattr(case.placement.usage, resource)
        core = int(used.argmax())
        share = np.where(case.placement.core == core, case.share(resource), 0)
        whole = resource in ("neurons", "readouts")
        who = case.population(share) if whole else case.neuron(int(share.argmax()))
        return case.finding(key, used[core], unit, f"core {core}, above all {who},")

    return found


def _per_chip(unit: str, *, recurrent: bool) -> Check:
    """The chip that holds most synapses, and the projection with most of them."""

    def found(case: _Case, key: str) -> Finding:
        start, chip = case.lists.start, case.placement.chip[case.placement.core]
        inner = case.graph.named("threshold") if recurrent else start
        chosen = [p for p in case.graph.projections if {p.source, p.target} <= set(inner)]
        counts = np.zeros((len(chosen), case.placement.chips), dtype=np.int64)
        for row, p in zip(counts, chosen, strict=True):
            synapses = np.diff(p.indptr)
            np.add.at(row, chip[start[p.target] :][: synapses.size], synapses)
        fullest = int(counts.sum(axis=0).argmax())
        where = f"chip {fullest}"
        if chosen:
            where += f", above all projection {chosen[int(counts[:, fullest].argmax())].name},"
        return case.finding(key, int(counts[:, fullest].sum()), unit, where)

    return found


def _fan_in(case: _Case, key: str) -> Finding:
    return case.worst(key, case.lists.fan_in * (1 - case.share("readouts")), "incoming synapses")


def _weight_bits(case: _Case, key: str) -> Finding:
    width = {p.name: int(p.mantissa.max(initial=0)).bit_length() for p in case.graph.projections}
    worst, used = max(width.items(), key=lambda item: item[1], default=("", 0))
    widest = max(case.target.weight_bits or (0,))
    return case.finding(key, used, "bits for its weights", f"projection {worst}", widest)


def _weight_exponents(case: _Case, key: str) -> Finding:
    low, high = case.target.weight_exponents or (0, 0)
    middle = (low + high) / 2
    worst = max(case.graph.projections, key=lambda p: abs(p.exponent - middle), default=None)
    if worst is None:
        return case.finding(key, 0, "as exponent of weights", "the graph", high)
    used, end = worst.exponent, high if worst.exponent >= middle else low
    fits = low <= used <= high
    return Finding(key, used, end, "as exponent of its weights", f"projection {worst.name}", fits)


def _delay(case: _Case, key: str) -> Finding:
    worst = max(case.graph.projections, key=lambda p: p.delay, default=None)
    used, where = (worst.delay, f"projection {worst.name}") if worst else (0, "the graph")
    return case.finding(key, used, "steps of delay", where)


def _bias(case: _Case, key: str) -> Finding:
    shift = case.number("state_shift")
    exponent = shift if case.target.bias_exponent is None else case.target.bias_exponent
    most = ((1 << case.number(key) - 1) - 1) << min(exponent, shift) >> shift
    return case.worst(key, case.bias.max(axis=0), "weight units of bias", most)


def _state(case: _Case, key: str) -> Finding:
    unit = "weight units of membrane, at worst"
    return case.worst(key, (case.reach + case.bias).max(axis=0), unit, case.register(key))


def _accumulator(case: _Case, key: str) -> Finding:
    unit = "weight units of synaptic input, at worst"
    return case.worst(key, case.reach.max(axis=0), unit, case.register(key))


def _mixed_signs(case: _Case, key: str) -> Finding:
    """Source neurons with synapses of both signs."""
    sizes = case.graph.sizes
    reach = {
        (name, sign): np.zeros(n, dtype=np.bool_) for name, n in sizes.items() for sign in (1, -1)
    }
    for p in case.graph.projections:
        reach[p.source, p.sign][p.indices] = True
    both = {name: np.flatnonzero(reach[name, 1] & reach[name, -1]) for name in sizes}
    worst = max(both, key=lambda name: both[name].size)
    where = f"population {worst}"
    if both[worst].size:
        where += f" (the first: neuron {both[worst][0]})"
    used = sum(found.size for found in both.values())
    return case.finding(key, used, "neurons that excite and inhibit", where, 0)


def _autapses(case: _Case, key: str) -> Finding:
    own = {p.name: _diagonal(p) for p in case.graph.projections if p.source == p.target}
    worst = max(own, key=lambda name: own[name].size, default="")
    where = f"projection {worst}" if worst else "the graph"
    if worst and own[worst].size:
        where += f" (the first: neuron {own[worst][0]})"
    used = sum(found.size for found in own.values())
    return case.finding(key, used, "synapses of neurons onto themselves", where, 0)


def _diagonal(p: Projection) -> IntArray:
    rows = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
    return np.asarray(rows[rows == p.indices])


def _memoryless(case: _Case, key: str) -> Finding:
    """Neurons that get input, of which the next step is to know nothing."""
    driven = case.lists.fan_in[: case.graph.neurons] > 0
    name = case.population(np.append(driven, np.zeros(case.lists.placed - driven.size)))
    where = f"above all {name}" if driven.any() else "the graph"
    return case.finding(
        key, int(driven.sum()), "neurons that forget everything in a step", where, 0
    )


def _input_levels(case: _Case, key: str) -> Finding:
    names = [*case.graph.named("input"), *case.graph.named("supervisory"), "none"]
    used = case.graph.io.levels if case.graph.named("input") else int(len(names) > 1)
    return case.finding(key, used, "as value of a spike", f"population {names[0]}")


def _input_channels(case: _Case, key: str) -> Finding:
    outside = [p for p in case.graph.populations if p.neuron in OUTSIDE]
    largest = max(outside, key=lambda p: p.size, default=None)
    where = "the graph" if largest is None else f"the graph, above all population {largest.name},"
    return case.finding(key, sum(p.size for p in outside), "input channels", where)


CHECKS: dict[str, Check] = {
    "cores_per_chip": _cores,
    "neurons_per_core": _per_core("neurons", "neurons on it"),
    "readouts_per_core": _per_core("readouts", "readout neurons on it"),
    "synapse_bits_per_core": _per_core("synapse_bits", "bits of synapse memory"),
    "axons_in_per_core": _per_core("axons_in", "input axons"),
    "axons_out_per_core": _per_core("axons_out", "output axons"),
    "synapses_per_chip": _per_chip("synapses", recurrent=False),
    "recurrent_synapses_per_chip": _per_chip("recurrent synapses", recurrent=True),
    "fan_in": _fan_in,
    "weight_bits": _weight_bits,
    "weight_exponents": _weight_exponents,
    "delay": _delay,
    "bias_bits": _bias,
    "state_bits": _state,
    "accumulator_bits": _accumulator,
    "mixed_signs": _mixed_signs,
    "autapses": _autapses,
    "memoryless": _memoryless,
    "input_levels": _input_levels,
    "input_channels": _input_channels,
}
