"""What a validation will take, measured on a few of its patterns before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from spinspike.campaign import Task

from .memory import watched
from .protocol import Trial, run_block
from .tasks import Plan, runs_of_patterns

LONG = 60.0  # seconds from which a run deserves a closer look
PROBE = 30.0  # seconds after which the closer look ends
GROWTH = 4  # each further look takes so many times the patterns
COPIES = 4  # of a block's spikes in memory at once: recorded, read, compared, as states


@dataclass(frozen=True)
class Estimate:
    """Time and memory in one process, and the patterns that were run to find them."""

    seconds: float
    memory: int  # bytes
    patterns: int

    @property
    def words(self) -> str:
        """As a person says it.

        Examples
        --------
        >>> Estimate(372.0, 1_210_000_000, 16).words
        'about 6 min, 1.2 GB'
        >>> Estimate(12.0, 300_000_000, 1).words
        'about 12 s, 0.3 GB'
        """
        time = f"{self.seconds:.0f} s" if self.seconds < 100 else f"{self.seconds / 60:.0f} min"
        if self.seconds >= 2 * 3600:
            time = f"{self.seconds / 3600:.1f} h"
        return f"about {time}, {self.memory / 1e9:.1f} GB"


def estimate(plan: Plan, wanted: Sequence[Task]) -> Estimate | None:
    """Time and memory of the tasks of a plan that are still wanted; None if they are none.

    A block of B patterns takes a + b B seconds. One pattern is run first. If that promises a
    minute or more, it is run again, when everything is loaded, and then more and more patterns,
    until they take twice its time or half a minute is over, which tells a and b apart.
    """
    runs = runs_of_patterns(plan, wanted)
    if not runs:
        return None
    trial, started = plan.trials[0], perf_counter()
    size = max(rows.stop - rows.start for rows in plan.blocks(trial))
    with watched() as peak:
        one = _seconds(plan, trial, 1)
        several, fixed, each = 1, 0.0, one
        if one * runs > LONG:
            one = last = _seconds(plan, trial, 1)
            while several < size and last < 2 * one and perf_counter() - started < PROBE:
                several = min(size, several * GROWTH)
                last = _seconds(plan, trial, several)
            if several > 1:
                each = max(0.0, last - one) / (several - 1)
                fixed = max(0.0, one - each)
    total = plan.phases.total if plan.simulator.regime != "continuous" else 0
    growth = COPIES * total * plan.graph.neurons * max(0, size - several)
    return Estimate(len(wanted) * fixed + runs * each, peak[0] + growth, several)


def _seconds(plan: Plan, trial: Trial, patterns: int) -> float:
    started = perf_counter()
    run_block(plan.graph, plan.simulator, trial, slice(0, patterns), plan.phases, plan.seed)
    return perf_counter() - started
