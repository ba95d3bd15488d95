"""Settings to start from for each data set: as published, and better ones found on validation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from spinspike.model.data.dataset import Dataset
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.architecture import Architecture

from .training import GAIN, Settings


@dataclass(frozen=True)
class Preset(Settings):
    """Settings, and where they are from."""

    source: str


# lambda_r by units H, of the authors' experiments (arXiv 2509.05041); between them the nearest
SIGNAL = {
    "mnist": {1000: 1.62, 2000: 1.3, 3000: 1.1, 4000: 0.8, 5000: 0.7, 6000: 0.7},
    "fashion-mnist": {1000: 2.1, 2000: 1.3, 3000: 1.2, 4000: 1.0, 5000: 1.0, 6000: 1.0},
    "entangled-mnist": {250: 5.5, 500: 4.25, 1000: 3.5, 2000: 2.5, 3000: 1.75, 6000: 1.25},
}


def published(data: Dataset, *, units: int = 2000) -> Preset:
    """The authors' hyper-parameters for a data set; those of MNIST where they name none.

    Published rates are per sqrt(full fan-in) and divided by sqrt(1 - p) once, which is the
    normalisation of `MarginRule`. Published decays multiply a weight by
    1 - decay eta / sqrt(fan_in) sqrt(0.1) / sqrt(1 - p) after each batch.

    References
    ----------
    Badalotti et al., arXiv 2509.05041, version 2, experiments: sparse networks, 20 epochs.
    """
    name = data.name if data.name in SIGNAL else "mnist"
    inputs, p, p_in = data.train.inputs.shape[1], 0.99, 0.9
    J_D, k_in, k_J, lambda_x, eta_J, eta_in, eta_out, d_J, d_in, d_out = {
        "mnist": (0.95, 1.78, 1.78, 5.0, 0.058, 0.159, 0.17, 6e-5, 0.01, 0.02),
        "fashion-mnist": (0.986, 1.294, 1.74, 4.91, 0.118, 0.17, 0.10, 1e-4, 2e-5, 0.02),
        "entangled-mnist": (0.9, 1.6, 1.4, 5.0, 0.02, 0.3, 0.025, 0.01, 0.0, 0.02),
    }[name]
    nearest = min(SIGNAL[name], key=lambda known: abs(known - units))
    return Preset(
        architecture=Architecture(
            units=units,
            inputs=inputs,
            classes=data.classes,
            self_coupling=J_D,
            input_scale=lambda_x,
            supervisory_scale=SIGNAL[name][nearest],
            sparsity=p,
            input_sparsity=p_in,
        ),
        rule=MarginRule(
            margin=k_J,
            input_margin=k_in,
            readout_margin=7.0,
            rate=eta_J,
            input_rate=eta_in,
            readout_rate=eta_out,
            decay=d_J * eta_J / sqrt(units) * sqrt(0.1 / (1 - p)),
            input_decay=d_in * eta_in / sqrt(inputs) * sqrt(0.1 / (1 - p_in)),
            readout_decay=d_out * eta_out / sqrt(units),
        ),
        schedule=Schedule(anneal=1.0, readout_states="clamped"),
        gain=2.0 if name == "entangled-mnist" else 1.0,  # pixels/255, or -1 and +1 as they are
        centred=False,
        source="arXiv 2509.05041, version 2",
    )


def default(data: Dataset) -> Preset:
    """What networks are trained with when nothing else is asked for: small and quick."""
    return Preset(
        architecture=Architecture(
            units=300, inputs=data.train.inputs.shape[1], classes=data.classes
        ),
        rule=MarginRule(),
        schedule=Schedule(),
        gain=GAIN,
        centred=True,
        source="validation images of scikit-learn's digits",
    )


# What learns best, on validation images, is a strong supervisory signal beside couplings that start
# weak, held by a self-coupling and a margin that are as strong; a readout with a large margin; and
# for images receptive fields.
STRONG = Architecture(
    units=6000,
    inputs=784,
    classes=10,
    self_coupling=2.0,
    input_scale=2.0,
    supervisory_scale=4.0,
    coupling_scale=0.3,
    sparsity=0.997,
    receptive_field=9,
    image_shape=(28, 28),
)
STRONG_RULE = MarginRule(
    margin=2.5, rate=0.1, input_rate=0.5, readout_margin=20.0, readout_rate=1.5
)


def best(data: Dataset) -> Preset:
    """The settings found best on validation images; the default where none were sought."""
    if data.name not in BEST:
        return default(data)
    return replace(BEST[data.name], source=f"validation images of {data.name}")


BEST = {
    "mnist": Preset(
        STRONG, STRONG_RULE, Schedule(epochs=6, pace="linear"), gain=1.0, centred=False, source=""
    ),
    "fashion-mnist": Preset(
        STRONG, STRONG_RULE, Schedule(epochs=7, pace="linear"), gain=3.0, centred=True, source=""
    ),
    "digits": Preset(
        replace(STRONG, units=4000, inputs=64, sparsity=0.995, receptive_field=0, image_shape=None),
        replace(STRONG_RULE, rate=0.05, input_rate=0.25),
        Schedule(epochs=20, pace="linear"),
        gain=GAIN,
        centred=True,
        source="",
    ),
    "entangled-mnist": Preset(
        Architecture(
            units=1600,
            inputs=100,
            classes=10,
            self_coupling=0.5,
            input_scale=2.0,
            supervisory_scale=0.9,
            sparsity=0.9,
        ),
        MarginRule(margin=0.9, rate=0.1, input_rate=0.3, readout_margin=3.0, readout_rate=0.2),
        Schedule(epochs=24, batch=64, pace="linear"),
        gain=2.0,  # -1 and +1 as they are
        centred=False,
        source="",
    ),
}
PRESETS = {"default": default, "best": best, "published": published}
