"""The plainest engine: NumPy in double precision. Slow, and what all others are tested against."""

from __future__ import annotations

import copy

import numpy as np

from spinspike.arrays import InputArray, IntArray, SpinArray
from spinspike.model.network.dynamics import Sweeps, run_clamped, run_free
from spinspike.model.network.network import Network

from .base import BatchStatistics, Course
from .margin_rule import consolidate, consolidate_readout


class NumpyEngine:
    """`dynamics` and `margin_rule` behind the contract of an engine."""

    def __init__(self, network: Network, course: Course) -> None:
        self._network = copy.deepcopy(network)
        self._course = course

    def learn(
        self, inputs: InputArray, labels: IntArray, *, factor: float, rng: np.random.Generator
    ) -> BatchStatistics:
        """One batch: steer, release, consolidate; ``factor`` multiplies rates and decays."""
        network, course = self._network, self._course
        held, settled = run_clamped(network, inputs, labels, sweeps=course.sweeps, rng=rng)
        read = settled
        if course.readout_states == "free":
            update_mask = course.sweeps.update_mask(
                rng, (course.evaluation, len(inputs), network.units)
            )
            read = run_free(network, inputs, sweeps=course.evaluation, update_mask=update_mask)
        weak = consolidate(network, course.rule, inputs, settled, factor=factor)
        consolidate_readout(network, course.rule, labels, read, factor=factor)
        return BatchStatistics(weak=weak, flips=float((held != settled).mean()))

    def free(self, inputs: InputArray, *, sweeps: int) -> SpinArray:
        """States that the input alone leads to, (B, H)."""
        return run_free(self._network, inputs, sweeps=sweeps)

    def clamped(
        self, inputs: InputArray, labels: IntArray, *, sweeps: Sweeps
    ) -> tuple[SpinArray, SpinArray]:
        """States at the release and after it, each (B, H); every spin moves in every sweep."""
        return run_clamped(self._network, inputs, labels, sweeps=sweeps)

    def network(self) -> Network:
        """The weights as they are now."""
        return copy.deepcopy(self._network)
