"""The landscape of fixed points: counts, convergence, and what learning and few bits do to it.

    python benchmarks/manifold.py                  # all of it; some 20 minutes on one core
    python benchmarks/manifold.py --quick          # fewer networks, no H 1600; 2 minutes
    python benchmarks/manifold.py --only digits    # counts, convergence, digits: one part alone

counts       Mean number of fixed points of random networks, all 2^H states looked at, beside the
             closed form with its factor for finite H; single networks and two linked modules.
convergence  Fraction of random starts that reach a fixed point within 1000 sweeps, and the sweeps
             taken, beside the project's table of Gaussian networks, which gives single figures
             without errors. A row agrees where the fraction asked is in the 95 % interval seen and
             sweeps are within three standard errors, or a tenth and the one sweep that finds
             nothing to flip, which may count or not. Of how many runs the table is, is not known:
             rows that differ are shown, and alone do not make the exit code 1, as counts do.
digits       One network untrained, trained on the digits, mapped to 8 and to 4 bits, and with its
             couplings dealt to other partners: where random states end without input and under
             images, and how many fixed points lie around them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinspike.mapping import Rounding, map_network
from spinspike.mapping.graph import graph_file
from spinspike.mapping.quantisation.consolidate import Consolidation
from spinspike.model import NetworkFile, free_fixed_points, learned_fixed_points, random_network
from spinspike.model.data.named import digits
from spinspike.model.landscape.counting.enumeration import mean_count
from spinspike.model.landscape.search.convergence import Order
from spinspike.model.landscape.studies.sweep import ParameterScan, Row, measure, rows
from spinspike.model.landscape.theory.complexity import expected_chain_count, expected_count
from spinspike.model.network import network_file
from spinspike.model.training.preset import default
from spinspike.model.training.training import train_as
from spinspike.studies.landscape.network import Asked, explored, subjects
from spinspike.studies.landscape.network_findings import network_tables, summaries
from spinspike.studies.page.terminal import show

PARTS = ("counts", "convergence", "digits")
COUNTS = ((12, 2000), (16, 1000), (20, 300), (24, 40))  # units of all modules, networks
LIMIT = 1000


@dataclass(frozen=True)
class Case:
    """One row of the table of convergence; NaN where it says nothing."""

    units: int
    self_coupling: float
    link: float
    order: Order
    converged: float
    sweeps: float = float("nan")
    overlap: float = float("nan")


TABLE = (
    Case(100, 0.5, 0, "asynchronous", 1.0, 22),
    Case(400, 0.4, 0, "asynchronous", 0.0),
    Case(400, 0.5, 0, "asynchronous", 0.64, 375),
    Case(400, 0.6, 0, "asynchronous", 1.0, 56),
    Case(400, 0.8, 0, "asynchronous", 1.0, 16),
    Case(400, 0.0, 1.0, "asynchronous", 0.0),
    Case(400, 0.0, 1.2, "asynchronous", 0.92, 135),
    Case(400, 0.0, 1.5, "asynchronous", 1.0, 19),
    Case(1600, 0.6, 0, "asynchronous", 0.0),
    Case(1600, 0.7, 0, "asynchronous", 1.0, 100),
    Case(1600, 0.8, 0, "asynchronous", 1.0, 34),
    Case(1600, 1.0, 0, "asynchronous", 1.0, 17, 0.33),
    Case(1600, 0.6, 0, "synchronous", 0.0),
    Case(1600, 0.8, 0, "synchronous", 1.0, 58),
    Case(1600, 1.0, 0, "synchronous", 1.0, 27),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--quick", action="store_true", help="fewer networks, no H 1600")
    parser.add_argument("--networks", type=int, default=10, help="of the table of convergence")
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    good = True
    if "counts" in a.only:
        seen = [count_row(*case) for case in counted(a.quick, a.seed)]
        good &= all(seen)
    if "convergence" in a.only:
        networks = 4 if a.quick else a.networks
        cases = [case for case in TABLE if case.units < 1600 or not a.quick]
        say(f"\n{'H':>5} {'J_D':>4} {'lambda':>6}  {'order':13} {'asked':>6}  seen (95 %)"
            f"{'':8} {'asked':>6}  sweeps seen     overlap with start")  # fmt: skip
        for case in cases:
            converged_row(case, networks, a.starts, a.seed)
    if "digits" in a.only:
        compare_digits(a.seed, patterns=5 if a.quick else 20, starts=10 if a.quick else 50)
    return 0 if good else 1


def counted(quick: bool, seed: int) -> Iterator[tuple[str, float, float, float]]:
    """What is counted, the closed form, the mean that is seen, and its standard error."""
    say(f"{'number of fixed points':34} {'asked':>10} {'seen':>10} {'error':>8}  errors off")
    rng = np.random.default_rng(seed)
    for units, networks in COUNTS:
        many = max(10, networks // 10) if quick else networks
        for self_coupling in (0.2, 0.4, 0.6, 0.8, 1.0):
            mean, error = mean_count(units, self_coupling, many, rng)
            asked = expected_count(units, self_coupling)
            yield f"H {units}, J_D {self_coupling:g}, {many} networks", asked, mean, error
        for link in (0.5, 1.0, 1.5):
            half = units // 2
            mean, error = mean_count(half, 0.0, many, rng, modules=2, link=link)
            asked = expected_chain_count(half, link)
            yield f"2 x {half}, lambda {link:g}, {many} networks", asked, mean, error


def count_row(name: str, asked: float, mean: float, error: float) -> bool:
    """Print a row; whether the mean is within three standard errors."""
    off = (mean - asked) / error
    say(f"{name:34} {asked:10.2f} {mean:10.2f} {error:8.2f}  {off:+6.2f}")
    return abs(off) < 3


def converged_row(case: Case, networks: int, starts: int, seed: int) -> None:
    """Run one place of the table, and print asked beside seen and whether they agree."""
    sweep = ParameterScan(
        (case.self_coupling,), (case.link,), (case.units,), (case.order,), networks, starts,
        LIMIT, seed,
    )  # fmt: skip
    (point,) = sweep.points
    results = {sweep.key(point, n): measure(sweep, point, n) for n in range(networks)}
    (row,) = rows(sweep, results)
    within = row.low <= case.converged <= row.high
    agrees = within and _sweeps_agree(case, row)
    asked = "" if np.isnan(case.sweeps) else f"{case.sweeps:g}"
    overlap = f"{row.start_overlap:.3f} ± {row.start_overlap_error:.3f}"
    if not np.isnan(case.overlap):
        overlap += f" (asked {case.overlap:g})"
    say(
        f"{case.units:5} {case.self_coupling:4g} {case.link:6g}  {case.order:13} "
        f"{case.converged:6.2f}  {row.converged:.3f} ({row.low:.3f}-{row.high:.3f}) {asked:>6}  "
        f"{row.sweeps:6.1f} ± {row.sweeps_error:5.1f}  {overlap}{'' if agrees else '  differs'}"
    )


def _sweeps_agree(case: Case, row: Row) -> bool:
    if np.isnan(case.sweeps):
        return True
    return abs(row.sweeps - case.sweeps) <= max(3 * row.sweeps_error, 1 + case.sweeps / 10)


def compare_digits(seed: int, *, patterns: int, starts: int) -> None:
    """The same measurements before training, after it, and after mapping to 8 and 4 bits."""
    data = digits()
    preset = default(data)
    say("\ntraining on the digits")
    network = train_as(data, preset, seed=seed).network
    points = {
        "learned": learned_fixed_points(network, data.train),
        "free": free_fixed_points(network, data.test),
    }
    content = NetworkFile(network, points, {})
    untrained = random_network(
        preset.architecture, np.random.default_rng(seed), centre=network.centre,
        gain=network.gain, input_range=network.input_range,
    )  # fmt: skip
    asked = Asked(starts=starts, limit=LIMIT, seed=seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / f"{what}.h5" for what in ("trained", "untrained", "8 bits", "4 bits")]
        network_file.save(files[0], content)
        network_file.save(files[1], NetworkFile(untrained, {}, {}))
        for file, bits in zip(files[2:], (8, 4), strict=True):
            rounding = Rounding(weight_bits=bits)
            graph = map_network(network, points, rounding=rounding, consolidation=Consolidation())
            graph_file.save(file, graph)
        found, given = subjects(files, patterns=patterns, fresh=True, seed=seed)
        results = explored(
            found, given, asked, folder / "results", fingerprint="", jobs=1, scheduler=None
        )
    show({}, *network_tables(*summaries(found, asked, results)), as_json=False)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
