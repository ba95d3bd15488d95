"""Measure what the integrator claims: its gradients, its reduced theories, the lazy threshold.

    python benchmarks/integrator.py                       # 40 and 100 units, some minutes
    python benchmarks/integrator.py --units --lazy-units --on lava brian2    # mapped, ten minutes
    python benchmarks/integrator.py --units 400 --spreads 0.05 --lazy-units    # an hour

Exit code 1 when a figure misses its target. Rows without a target are shown for comparison.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinspike.model.integrator.lazy import threshold
from spinspike.model.integrator.learning import History, flow
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, draw, outlier
from spinspike.model.integrator.loss import gradient, loss
from spinspike.model.integrator.noise import sampled_loss
from spinspike.model.integrator.reduced import growth_rate, pair, plateau
from spinspike.model.integrator.subspace import subspace
from spinspike.simulators.integrator.validation import integrator_claims
from spinspike.studies.integrator.learning import learned, start
from spinspike.studies.integrator.simulated_memory import learning_claims, simulate_memory

TARGETS = (Filter(0.05), Filter(0.1), Filter(0.5), Filter(0.1, 0.5), Filter(0.3, 1.0))
MEMORIES = (Filter(0.5), Filter(0.2), *TARGETS[:2], Filter(0.2, 0.8), *TARGETS[3:])
LAZY_SPREADS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Row:
    """A figure, what was asked of it, and whether it is met (None: shown for comparison)."""

    what: str
    seen: str
    asked: str
    met: bool | None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="*", default=[40, 100])
    parser.add_argument("--spreads", type=float, nargs="*", default=[0.0, 0.02, 0.05])
    parser.add_argument("--lazy-units", type=int, nargs="*", default=[400])
    parser.add_argument(
        "--on", nargs="*", default=["emulator"], help="where memories are mapped to"
    )
    arguments = parser.parse_args()
    missed = 0
    for row in rows(arguments.units, arguments.spreads, arguments.lazy_units, arguments.on):
        mark = {True: "met", False: "MISSED", None: ""}[row.met]
        missed += row.met is False
        print(f"{row.what:74s} {row.seen:>26s} {row.asked:>8s} {mark}", flush=True)
    return 1 if missed else 0


def rows(
    units: Sequence[int], spreads: Sequence[float], lazy_units: Sequence[int], on: Sequence[str]
) -> Iterator[Row]:
    yield gradient_row()
    yield noise_row()
    for target in MEMORIES:
        yield from memory_rows(target, on)
    for number in lazy_units:
        for spread in LAZY_SPREADS:
            yield lazy_row(number, spread)
    for number in units:
        for target in TARGETS:
            for spread in spreads:
                yield from learning_rows(number, target, spread)


def gradient_row() -> Row:
    """Along random directions, by central differences of fourth order."""
    rng, worst = np.random.default_rng(0), 0.0
    for target in TARGETS:
        network = draw(40, rng, spread=0.7, strength=2.0, alignment=0.4)
        slope = gradient(network, target)
        for part in ("coupling", "input_weight", "readout"):
            direction = rng.standard_normal(getattr(network, part).shape)
            direction /= np.linalg.norm(direction)

            h, start = 1e-3, getattr(network, part)
            losses = {
                x: loss(replace(network, **{part: start + x * h * direction}), target)
                for x in (-2, -1, 1, 2)
            }
            slow = 8 * (losses[1] - losses[-1]) - (losses[2] - losses[-2])
            found = float((getattr(slope, part) * direction).sum())
            worst = max(worst, abs(slow / (12 * h) - found))
    return Row("gradient against finite differences", f"{worst:.1e}", "1e-6", worst < 1e-6)


def noise_row() -> Row:
    """How many standard errors the simulated loss is off, over networks and filters."""
    rng, away = np.random.default_rng(1), []
    for target in TARGETS * 4:
        network = draw(20, rng, spread=0.7, strength=1.0, alignment=0.4)
        found = sampled_loss(network, target, rng, trials=2000)
        away.append((found.mean - loss(network, target)) / found.error)
    rms = float(np.sqrt(np.mean(np.square(away))))
    seen = f"rms {rms:.2f}, most {np.abs(away).max():.2f}"
    return Row("loss by simulation, in standard errors", seen, "1, 3", max(map(abs, away)) < 3)


def learning_rows(units: int, target: Filter, spread: float) -> Iterator[Row]:
    """The full flow until a thousandth of the loss is left, and what the theories say of it."""
    turning = target.frequency > 0
    strength, alignment = (0.1, 0.0) if turning else (1e-3, 0.5)
    rng = np.random.default_rng(units)
    blank = draw(units, rng, spread=spread, strength=strength, alignment=alignment)
    name = f"N {units} c* {target.rate} w* {target.frequency} sigma {spread}"
    times = np.linspace(0, 80, 801)
    ends_at = 1e-3 * loss(replace(blank, readout=0 * blank.readout), target)
    full = flow(blank, target, times, tolerance=ends_at, accuracy=1e-5).history
    by_plane = deviation(full, pair(blank, target, full.times).outliers, target, spread)
    yield Row(f"{name}: outlier, plane", f"{by_plane:.2%}", "1%", met(by_plane, 0.01, spread))
    if spread > 0:
        theory = flow(subspace(blank), target, full.times).history
        by_words = deviation(full, theory.outliers, target, spread)
        yield Row(f"{name}: outlier, subspace", f"{by_words:.2%}", "1%", by_words < 0.01)
    yield plateau_row(name, blank, target, full)


def met(value: float, asked: float, spread: float) -> bool | None:
    """The plane is held to account where it is exact, without couplings."""
    return value < asked if spread == 0 else None


def deviation(
    full: History, outliers: NDArray[np.complex128], target: Filter, spread: float
) -> float:
    """The most that the outlier is off on its way, once out of the disc, in units of its end."""
    grown = np.abs(outliers) > 2 * spread + 0.02
    away = np.abs(full.outliers - outliers)[grown]
    return float(away.max() / abs(complex(1 - target.rate, target.frequency)))


def plateau_row(name: str, blank: LinearNetwork, target: Filter, full: History) -> Row:
    """When the overlap passes half of what it would settle at without learning in W."""
    along = (blank.input_weight + blank.readout) / 2
    expected = plateau(float(along @ along), target)
    end = full.times[np.argmax(full.overlaps > growth_rate(target))]
    off = float(expected / end - 1)
    return Row(f"{name}: plateau {end:.1f}", f"{off:+.1%}", "10%", abs(off) < 0.1)


def memory_rows(target: Filter, on: Sequence[str]) -> Iterator[Row]:
    """What simulators make of a memory of 20 units at 8 bits, and what 4 bits make of its outlier."""
    memory = learned(start(20, "rich", target, None, 0), target, rich=True)
    found = list(simulate_memory(memory, list(dict.fromkeys(["emulator", *on])), 8, "impulse", 0))
    name = f"c* {target.rate} w* {target.frequency}"
    for claim in [*learning_claims(memory, found[0]), *integrator_claims(found)]:
        sign = ">=" if claim.at_least else "<="
        what, asked = f"{name}, {claim.simulator}: {claim.statement}", f"{sign} {claim.bound:.3g}"
        yield Row(
            what, f"{claim.value:.3g}", asked, {"holds": True, "fails": False}.get(claim.verdict)
        )
    grown = outlier(memory.network)
    for o in found:
        if o.simulator == "emulator" and not o.null:
            moved = abs(o.mapped - grown) / (1 - grown.real)
            what = f"{name}, outlier moved at {o.bits} bits, of its rate"
            yield Row(what, f"{moved:.2%}", "", None)


def lazy_row(units: int, spread: float) -> Row:
    """The threshold of three networks."""
    rng = np.random.default_rng(units)
    found = [threshold(draw(units, rng, spread=spread), rng) / spread for _ in range(3)]
    seen = f"{np.mean(found):.3f} ({min(found):.3f} to {max(found):.3f})"
    return Row(
        f"N {units} sigma {spread}: lazy threshold, in sigma",
        seen,
        "5%",
        bool(abs(np.mean(found) - 1) < 0.05),
    )


if __name__ == "__main__":
    sys.exit(main())
