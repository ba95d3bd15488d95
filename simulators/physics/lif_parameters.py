"""Physical parameters of leaky integrate-and-fire neurons with saturating synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.errors import BadInput

LARGEST_MISMATCH = 0.2  # three standard deviations still leave every parameter positive
MAY_VANISH = (
    "reset", "lowest", "noise", "bias", "delay_jitter", "mismatch", "conductances", "competition"
)  # fmt: skip


@dataclass(frozen=True)
class LIFParameters:
    """Physical parameters of neurons and synapses; potentials are mV above rest.

    Parameters
    ----------
    threshold, reset : float, mV
        20 and 15 above rest: -50 and -55 mV at a rest of -70 mV [1]_.
    lowest : float, mV
        Lowest potential that inhibition drives to: potassium reversal at -90 mV.
    tau_membrane : float, ms
        10, the lower of the 10 and 20 of [1]_.
    refractory : float, ms
        5, as in [2]_; longer than ``delay``. It keeps rates below 200 spikes per second.
    tau_slow : float, ms
        Decay of the gates of excitatory synapses between neurons: 100, NMDA [1]_.
    tau_inhibition : float, ms
        The same of inhibitory ones: 100, GABA_B, 100 to 150 [3]_; or 10, GABA_A [1]_.
    tau_supervisory : float, ms
        Decay of supervisory synapses, which do not saturate: 10, GABA_A [1]_.
    supervisory_interval : float, ms
        Between the spikes of a supervisory neuron while it is on.
    delay : float, ms
        Transmission delay of all synapses: what a step is to `Projection.delay`. A spike that takes
        d steps more arrives after (1 + d) delays.
    delay_jitter : float, ms
        The delay of each synapse is up to so much shorter or longer, each value alike likely.
    mismatch : float
        Relative standard deviation of ``threshold``, ``tau_membrane``, ``refractory`` and
        ``field_scale`` from neuron to neuron, cut at three of them; at most 0.2.
    noise : float, mV
        Standard deviation of the potential of a silent neuron around its mean.
    field_scale : float, mV per unit of field
        F: how steeply the rate rises with the field. Not a measured quantity; see `calibrate`.
    bias : float, units of field
        Added to every field; see `calibrate`.
    cue_field : float, units of field
        Drive of a neuron whose state is forced in the cue phase.
    firm_field, marginal_field : float, units of field
        Fields at which couplings and self-couplings are calibrated; see ``mean_gate`` and
        ``last_gate``. Fixed on validation patterns.
    conductances : bool
        Whether synapses between neurons open conductances in place of injecting currents.
    excitatory_reversal : float, mV
        Of those conductances: 70, 0 mV at a rest of -70 mV [1]_. Inhibition reverses at ``lowest``.
    competition : float, units of field
        What the rival of a firing neuron of an antagonistic pair loses, through an interneuron.

    References
    ----------
    .. [1] Brunel and Wang, J. Comput. Neurosci. 11 (2001) 63, section 2.
    .. [2] Vogels and Abbott, J. Neurosci. 25 (2005) 10786, methods.
    .. [3] Destexhe, Mainen and Sejnowski, in Methods in Neuronal Modeling (1998), chapter 1.
    """

    threshold: float = 20.0
    reset: float = 15.0
    lowest: float = -20.0
    tau_membrane: float = 10.0
    refractory: float = 5.0
    tau_slow: float = 100.0
    tau_inhibition: float = 100.0
    tau_supervisory: float = 10.0
    supervisory_interval: float = 5.0
    delay: float = 1.0
    delay_jitter: float = 0.0
    mismatch: float = 0.0
    noise: float = 0.5
    field_scale: float = 50.0
    bias: float = 0.0
    cue_field: float = 5.0
    firm_field: float = 2.0
    marginal_field: float = 0.05
    conductances: bool = False
    excitatory_reversal: float = 70.0
    competition: float = 0.2

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not np.isfinite(value) or (value <= 0 and name not in MAY_VANISH):
                message = f"{name} is {value}; allowed: a finite number above 0"
                raise BadInput(message)
        if self.noise < 0 or not self.lowest <= self.reset < self.threshold:
            message = (
                f"lowest, reset, threshold, noise are {self.lowest:g}, {self.reset:g}, "
                f"{self.threshold:g}, {self.noise:g}; allowed: lowest <= reset < threshold, noise >= 0"
            )
            raise BadInput(message)
        if self.refractory <= self.delay:
            message = f"refractory is {self.refractory:g} ms; allowed: above delay, {self.delay:g}"
            raise BadInput(message)
        if not 0 <= self.delay_jitter <= self.delay:
            message = f"delay_jitter is {self.delay_jitter:g} ms; allowed: 0 to {self.delay:g}"
            raise BadInput(message)
        if not 0 <= self.mismatch <= LARGEST_MISMATCH:
            message = f"mismatch is {self.mismatch:g}; allowed: 0 to {LARGEST_MISMATCH:g}"
            raise BadInput(message)
        if self.conductances and self.excitatory_reversal <= self.threshold:
            message = (
                f"excitatory_reversal is {self.excitatory_reversal:g} mV; "
                f"allowed: above threshold, {self.threshold:g}"
            )
            raise BadInput(message)

    def interval(self, field: float) -> float:
        """Time between spikes in ms at a constant field h > 0.

        T = refractory + tau_membrane ln(1 + (threshold - reset) / (F h)). With conductances it is
        just the refractory period: they make the membrane too fast to count.
        """
        if self.conductances:
            return self.refractory
        rise = (self.threshold - self.reset) / (self.field_scale * field)
        return self.refractory + self.tau_membrane * float(np.log1p(rise))

    def mean_gate(self, field: float, tau: float | None = None) -> float:
        """Gate of a neuron firing at a constant field, averaged over time.

        (tau / T) (1 - exp(-T / tau)), tau by default tau_slow; couplings are divided by it, so
        that a firing neuron weighs what the graph says.
        """
        interval = self.interval(field) / (tau or self.tau_slow)
        return float(-np.expm1(-interval)) / interval

    def last_gate(self, field: float, tau: float | None = None) -> float:
        """Gate of a neuron firing at a constant field, just before its next spike.

        exp(-T / tau). Self-couplings are divided by it: what keeps a neuron of small margin
        firing is its own gate at the end of the interval, not on average.
        """
        return float(np.exp(-self.interval(field) / (tau or self.tau_slow)))
