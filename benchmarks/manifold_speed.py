"""How long the landscape of fixed points takes: all of them counted, and many runs to some.

    python benchmarks/manifold_speed.py                       # a minute or two
    python benchmarks/manifold_speed.py --units 28 30 32      # each two units take four times as long
    python benchmarks/manifold_speed.py --patterns 1000 --size 400 --jobs 1

First every fixed point of dense networks is counted among all 2^H states; the compiled and the
plain way, side by side, as far as the plain one is done in some seconds. Then states drawn at
random run to fixed points asynchronously; the plain way does a few of them, with the same orders
of sites, and is compared by the seconds for each pattern. Kernels are compiled before.
Times are wall-clock times of this machine and whatever else it does; ratios are within one run.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import numpy as np

from spinspike.arrays import SpinArray
from spinspike.model import Architecture, Network, random_network
from spinspike.model.landscape.counting.enumeration import count_fixed_points
from spinspike.model.landscape.search.convergence import Convergence, converge, random_states
from spinspike.model.landscape.theory.complexity import expected_count

PLAIN_UP_TO = 20  # units that the plain way enumerates in seconds
Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--units", type=int, nargs="+", default=[16, 20, 24, 28], help="H of enumerated networks"
    )
    parser.add_argument(
        "--self-coupling", type=float, nargs="+", default=[0.5, 1.0], help="their J_D"
    )
    parser.add_argument("--patterns", type=int, default=10_000, help="asynchronous runs")
    parser.add_argument("--size", type=int, default=1600, help="H of the network that runs")
    parser.add_argument("--run-coupling", type=float, default=0.8, help="its J_D")
    parser.add_argument("--plain", type=int, default=20, help="patterns that run the plain way")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="threads")
    arguments = parser.parse_args()
    warm_up()
    print("units   J_D  fixed points  (expected)    seconds   plain / compiled")
    for units in arguments.units:
        for self_coupling in arguments.self_coupling:
            print(enumeration(units, self_coupling, arguments.jobs), flush=True)
    run(drawn(arguments.size, arguments.run_coupling), arguments)


def enumeration(units: int, self_coupling: float, jobs: int) -> str:
    network = drawn(units, self_coupling)
    count, seconds = timed(lambda: count_fixed_points(network, device="cpu", jobs=jobs))
    line = (
        f"{units:5} {self_coupling:5.2f} {count:13} {expected_count(units, self_coupling):11.0f} "
        f"{seconds:10.3f}"
    )
    if units > PLAIN_UP_TO:
        return line
    same, plain = timed(lambda: count_fixed_points(network, device="numpy"))
    return f"{line} {plain / seconds:18.0f}" + ("" if same == count else f"  but {same} plainly!")


def run(network: Network, arguments: argparse.Namespace) -> None:
    start = random_states(network, arguments.patterns, np.random.default_rng(1))
    few = start[: arguments.plain]
    found, seconds = timed(lambda: asynchronous(network, start, "cpu", arguments.jobs))
    same, plain = timed(lambda: asynchronous(network, few, "numpy", arguments.jobs))
    equal = int((same.states == found.states[: len(few)]).all(axis=1).sum())
    ratio = (plain / len(few)) / (seconds / len(start))
    print(
        f"\n{len(start)} asynchronous runs at H {network.units}, J_D {arguments.run_coupling}: "
        f"{seconds:.1f} s, {found.fixed.mean():.2%} settled, {found.sweeps.mean():.1f} sweeps in "
        f"the mean\nplain, {len(few)} of them: {plain:.1f} s, {equal} end in the same state; for each "
        f"pattern {ratio:.0f} times as long"
    )


def asynchronous(network: Network, start: SpinArray, device: str, jobs: int) -> Convergence:
    rng = np.random.default_rng(2)
    return converge(network, start, order="asynchronous", rng=rng, device=device, jobs=jobs)


def drawn(units: int, self_coupling: float) -> Network:
    architecture = Architecture(
        units=units, inputs=1, classes=2, self_coupling=self_coupling, sparsity=0.0
    )
    return random_network(architecture, np.random.default_rng(0), centre=np.zeros(1))


def warm_up() -> None:
    small = drawn(12, 0.5)
    count_fixed_points(small, device="cpu")
    asynchronous(small, random_states(small, 2, np.random.default_rng(0)), "cpu", 1)


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    started = perf_counter()
    return work(), perf_counter() - started


if __name__ == "__main__":
    main()
