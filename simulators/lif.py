"""Physical parameters of leaky integrate-and-fire neurons with saturating synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.model.errors import BadInput


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
        Decay of the gates of couplings and self-couplings. 100 for excitation: NMDA [1]_; of the
        same length for inhibition: GABA_B, 100 to 150 [3]_.
    tau_supervisory : float, ms
        Decay of supervisory synapses, which do not saturate: 10, GABA_A [1]_.
    supervisory_interval : float, ms
        Between the spikes of a supervisory neuron while it is on.
    delay : float, ms
        Transmission delay of all synapses.
    noise : float, mV
        Standard deviation of the potential of a silent neuron around its mean.
    field_scale : float, mV per unit of field
        F: how steeply the rate rises with the field. A free choice, not a measured quantity.
    cue_field : float, units of field
        Drive of a neuron whose state is forced in the cue phase.
    firm_field, marginal_field : float, units of field
        Fields at which couplings and self-couplings are calibrated; see ``mean_gate`` and
        ``last_gate``. Fixed on validation patterns.

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
    tau_supervisory: float = 10.0
    supervisory_interval: float = 5.0
    delay: float = 1.0
    noise: float = 0.5
    field_scale: float = 50.0
    cue_field: float = 5.0
    firm_field: float = 2.0
    marginal_field: float = 0.05

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not np.isfinite(value) or (value <= 0 and name not in ("reset", "lowest", "noise")):
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

    def interval(self, field: float) -> float:
        """Time between spikes in ms at a constant field h > 0.

        T = refractory + tau_membrane ln(1 + (threshold - reset) / (F h)).
        """
        rise = (self.threshold - self.reset) / (self.field_scale * field)
        return self.refractory + self.tau_membrane * float(np.log1p(rise))

    def mean_gate(self, field: float) -> float:
        """Gate of a neuron firing at a constant field, averaged over time.

        (tau_slow / T) (1 - exp(-T / tau_slow)); couplings are divided by it, so that a firing
        neuron weighs what the graph says.
        """
        interval = self.interval(field) / self.tau_slow
        return float(-np.expm1(-interval)) / interval

    def last_gate(self, field: float) -> float:
        """Gate of a neuron firing at a constant field, just before its next spike.

        exp(-T / tau_slow). Self-couplings are divided by it: what keeps a neuron of small margin
        firing is its own gate at the end of the interval, not on average.
        """
        return float(np.exp(-self.interval(field) / self.tau_slow))
