"""Which algorithms reach fixed points of random networks, at which self-coupling, and of what kind.

    python benchmarks/algorithms.py                        # H 100 and 400: minutes
    python benchmarks/algorithms.py --units 1600           # longer

All start from the same random states and have the same number of sweeps, iterations for
reinforced belief propagation (each costs as much as five synchronous sweeps), sweeps of each of
three copies for replicated dynamics. "inertia" is the null of the latter: its schedule, but every
state is attracted to itself. The first table gives the fraction of runs that end in a fixed point
with Wilson's 95 % interval (several starts share a network), and the mean sweeps of those; at
J_D 0 the expected number of fixed points is 1 whatever the size, and without couplings every
state is one. The second table compares the fixed points reached: margins, overlap with the start,
absolute overlap between fixed points reached from different starts in the same network, how many
fixed points there are at one and at two flips, and how many there are around typical ones; errors
are those of the means of networks.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from spinspike.arrays import SpinArray
from spinspike.model.landscape.counting.neighbours import finder
from spinspike.model.landscape.search.algorithms import ALGORITHMS
from spinspike.model.landscape.search.convergence import Convergence, converge, random_states
from spinspike.model.landscape.search.replicated import STEPS
from spinspike.model.landscape.theory.pairs import expected_neighbours
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import field
from spinspike.model.network.network import Network, random_network
from spinspike.wilson import wilson_interval

SELF_COUPLINGS = (0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
PLAN = {100: (10, 4, 1000), 400: (5, 4, 1000), 1600: (2, 10, 300)}  # networks, starts, limit
KINDS = ("margin", "smallest", "start", "mutual", "one flip", "two flips")
TWO_FLIPS = 400  # units up to which pairs of flips are looked through
COMPARED = 4  # fixed points of each network whose neighbours are counted
Found = dict[str, list[tuple[Network, SpinArray, Convergence]]]


def inertia(
    network: Network, states: SpinArray, *, rng: np.random.Generator, limit: int
) -> Convergence:
    """The schedule of replicated dynamics with a single copy that is attracted to itself."""
    go = partial(converge, order="asynchronous", rng=rng)
    each, sweeps = limit // 2 // (STEPS + 1), np.zeros(len(states), dtype=np.int64)
    for gamma in np.linspace(0, 1.5, STEPS + 1):
        held = replace(network, self_coupling=network.self_coupling + gamma)
        grown = go(held, states, limit=each)
        states, sweeps = grown.states, sweeps + grown.sweeps
    released = go(network, states, limit=limit - (STEPS + 1) * each)
    return replace(released, sweeps=sweeps + released.sweeps)


TRIED: dict[str, Callable[..., Convergence]] = ALGORITHMS | {"inertia": inertia}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", choices=list(PLAN), default=[100, 400])
    parser.add_argument("--self-couplings", type=float, nargs="+", default=SELF_COUPLINGS)
    parser.add_argument("--algorithms", nargs="+", choices=list(TRIED), default=list(TRIED))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for units in arguments.units:
        networks, starts, limit = PLAN[units]
        print(f"\nH {units}: {networks} networks, {starts} starts each, limit {limit}")
        for self_coupling in arguments.self_couplings:
            found = runs(units, self_coupling, arguments.algorithms, arguments.seed)
            for name, results in found.items():
                print(f"J_D {self_coupling:4}  {name:12} {reached(results)}", flush=True)
            for name, results in found.items():
                if any(c.fixed.any() for _, _, c in results):
                    print(f"J_D {self_coupling:4}  {name:12} {kind(results)}", flush=True)
            one, two = (expected_neighbours(units, d, self_coupling) for d in (1, 2))
            print(f"J_D {self_coupling:4}  typical      one flip {one:.2g}  two flips {two:.2g}")
        print(f"without couplings, J_D .4: {without_couplings(units, limit)}")


def networks_of(units: int, self_coupling: float, seed: int) -> Iterator[Network]:
    architecture = Architecture(
        units=units, inputs=1, classes=2, self_coupling=self_coupling, sparsity=0.0
    )
    for number in range(PLAN[units][0]):
        yield random_network(
            architecture, np.random.default_rng([seed, number]), centre=np.zeros(1)
        )


def runs(units: int, self_coupling: float, names: list[str], seed: int) -> Found:
    """Some algorithms on the same networks and starts."""
    _, starts, limit = PLAN[units]
    found: Found = defaultdict(list)
    for number, network in enumerate(networks_of(units, self_coupling, seed)):
        states = random_states(network, starts, np.random.default_rng([seed, number, 1]))
        for name in names:
            rng = np.random.default_rng([seed, number, 2])
            end = TRIED[name](network, states.copy(), rng=rng, limit=limit)
            found[name].append((network, states, end))
    return found


def reached(results: list[tuple[Network, SpinArray, Convergence]]) -> str:
    fixed = np.concatenate([c.fixed for _, _, c in results])
    sweeps = np.concatenate([c.sweeps for _, _, c in results])[fixed]
    low, high = wilson_interval(fixed.mean(), fixed.size)
    took = f"in {sweeps.mean():4.0f}" if fixed.any() else ""
    return f"{fixed.mean():5.2f} [{low:.2f}, {high:.2f}] of {fixed.size} {took}"


def kind(results: list[tuple[Network, SpinArray, Convergence]]) -> str:
    rows: dict[str, list[float]] = defaultdict(list)
    for network, start, end in results:
        states = end.states[end.fixed].astype(np.float64)
        if not len(states):
            continue
        margins = states * field(network, end.states[end.fixed], np.zeros(network.units))
        rows["margin"].append(margins.mean())
        rows["smallest"].append(margins.min(axis=1).mean())
        rows["start"].append((states * start[end.fixed]).mean())
        if len(states) > 1:
            overlaps = np.abs(states @ states.T) / network.units
            rows["mutual"].append(overlaps[np.triu_indices(len(states), 1)].mean())
        find = finder(network)
        for distance, name in enumerate(KINDS[4:], 1):
            if distance == 2 and network.units > TWO_FLIPS:
                continue
            counts = [len(find(state, distance)) for state in end.states[end.fixed][:COMPARED]]
            rows[name].append(float(np.mean(counts)))
    return "  ".join(f"{name} {mean_error(rows[name])}" for name in KINDS)


def mean_error(values: list[float]) -> str:
    """Of the means of networks."""
    if len(values) < 2:
        return "-"
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.3f}"


def without_couplings(units: int, limit: int) -> str:
    network = next(networks_of(units, 0.4, 0))
    network = replace(network, coupling=0 * network.coupling)
    rng = np.random.default_rng(0)
    states = random_states(network, 5, rng)
    return "  ".join(
        f"{name} {algorithm(network, states.copy(), rng=rng, limit=limit).fixed.mean():.2f}"
        for name, algorithm in TRIED.items()
    )


if __name__ == "__main__":
    main()
