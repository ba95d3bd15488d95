"""The published ablations on Entangled MNIST: the same training with one part changed at a time.

Five groups ask what each part is for: learned couplings J, self-couplings J_D, links in their
place, the number of sweeps, and the margin. Published accuracies are read off the authors' figures
(to +-.003) and come from single seeds; where a figure does not tell, H is taken as 1600, both
modules see input and label, and training has two phases. What would make the claim about
self-couplings fail stands in `ablation_run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import Sweeps

from .training import Settings

DATA = "entangled-mnist"  # what the published figures were measured on
READING = 0.003  # error of a published value, read off a figure by eye
UNITS = 1600  # of the published ablations but for those of the couplings

COUPLINGS = {
    "J learned": {400: 0.848, 1600: 0.881, 3200: 0.888},
    "J = 0": {400: 0.828, 1600: 0.845, 3200: 0.854},
    "J frozen": {400: 0.818, 1600: 0.837, 3200: 0.850},
}
SELF_COUPLINGS = {"one phase": {0.5: 0.881, 0.0: 0.839}, "two phases": {0.5: 0.873, 0.0: 0.114}}
LINKS = {0.0: 0.10, 1.0: 0.17, 1.5: 0.645, 2.0: 0.785, 2.5: 0.818, 3.0: 0.823}
SWEEPS: Mapping[float, float] = {2: 0.844, 10: 0.864, 20: 0.864, 40: 0.864}
MARGINS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)  # "best 1.25 to 1.5, at .5 and 2 5 to 15 points less"


@dataclass(frozen=True, kw_only=True)
class Ablation(Settings):
    """One training: what is changed in it, and what was published of it."""

    group: str
    series: str  # the line of the group's figure that it belongs to
    at: float  # and its place on the axis: H, J_D, lambda, T or kappa
    published: float | None = None  # test accuracy; of `DATA` and these sizes only
    seed: int = 0
    gain: float = 2.0  # inputs -1 and +1 as they are
    centred: bool = False

    @property
    def name(self) -> str:
        """As in "couplings: J learned, H 400"."""
        return f"{self.group}: {self.series}, {GROUPS[self.group].axis} {self.at:g}"


Base = Callable[[int], Ablation]  # what a group departs from, by its size H


@dataclass(frozen=True)
class Group:
    """A question, the symbol of what is changed to answer it, and the runs that do."""

    title: str
    axis: str
    runs: Callable[[Base, Sequence[int]], Iterator[Ablation]]


def baseline(
    data: Dataset,
    *,
    units: int = UNITS,
    epochs: int = 20,
    readout_states: Literal["free", "clamped"] = "free",
) -> Ablation:
    """The authors' dense network and rule, from which each ablation departs in one part.

    Published decays count per rate: 1 - decay eta / sqrt(fan_in) after each batch.

    References
    ----------
    Badalotti et al., arXiv 2509.05041, version 1, experiments on Entangled MNIST.
    """
    return Ablation(
        group="couplings",
        series="J learned",
        at=units,
        architecture=Architecture(
            units=units,
            inputs=data.train.inputs.shape[1],
            classes=data.classes,
            self_coupling=0.5,
            input_scale=5.0,
            supervisory_scale=0.9,
            sparsity=0.0,
        ),
        rule=MarginRule(
            margin=0.9,
            readout_margin=3.0,
            rate=0.005,
            input_rate=0.03,
            readout_rate=0.1,
            decay=0.005 * 0.005 / sqrt(units),
            readout_decay=0.005 * 0.1 / sqrt(units),
        ),
        schedule=Schedule(epochs=epochs, anneal=1.0, readout_states=readout_states),
    )


def ablations(
    data: Dataset,
    groups: Sequence[str] = (),
    *,
    units: Sequence[int] = (),
    seeds: Sequence[int] = (0,),
    epochs: int = 20,
    readout_states: Literal["free", "clamped"] = "free",
) -> list[Ablation]:
    """All runs of the given groups, by default of all groups.

    Parameters
    ----------
    data : Dataset
        Inputs in -1 and +1, as `entangle` makes them.
    units : sizes H, optional
        In place of the published ones; all of them for the couplings, the first for other groups.
    epochs : int
        20 as in the authors' benchmarks; their curves against H took 200.
    readout_states : {"free", "clamped"}
        What the readout learns on, as in `Schedule`; published are the clamped ones.

    Examples
    --------
    >>> from spinspike.model.data.named import digits
    >>> from spinspike.model.data.entangled import entangle
    >>> [run.name for run in ablations(entangle(digits()), ["self-coupling"])]  # doctest: +ELLIPSIS
    ['self-coupling: one phase, J_D 0.5', ..., 'self-coupling: two phases, J_D 0']
    """
    for name in groups:
        if name not in GROUPS:
            message = f"group is {name!r}; allowed: {', '.join(GROUPS)}"
            raise BadInput(message)

    if readout_states not in ("free", "clamped"):
        message = f"readout_states is {readout_states!r}; allowed: free, clamped"
        raise BadInput(message)

    def base(size: int) -> Ablation:
        return baseline(data, units=size, epochs=epochs, readout_states=readout_states)

    found = [
        replace(run, group=name, seed=seed)
        for name in groups or GROUPS
        for run in GROUPS[name].runs(base, units)
        for seed in seeds
    ]
    comparable = data.name == DATA
    return found if comparable else [replace(run, published=None) for run in found]


def _couplings(base: Base, units: Sequence[int]) -> Iterator[Ablation]:
    for size in units or COUPLINGS["J learned"]:
        learned = base(size)
        changed = {
            "J learned": learned,
            "J = 0": replace(learned, architecture=replace(learned.architecture, sparsity=1.0)),
            "J frozen": replace(learned, rule=replace(learned.rule, rate=0.0, decay=0.0)),
        }
        for series, run in changed.items():
            yield replace(run, series=series, published=COUPLINGS[series].get(size))


def _self_coupling(base: Base, units: Sequence[int]) -> Iterator[Ablation]:
    for series, published in SELF_COUPLINGS.items():
        free = 5 if series == "two phases" else 0
        for J_D in published:
            run = _swept(_one(base, units), clamped=5, free=free)
            network = replace(run.architecture, self_coupling=J_D)
            yield _placed(replace(run, architecture=network), series, J_D, published)


def _link(base: Base, units: Sequence[int]) -> Iterator[Ablation]:
    run = _one(base, units)
    chain = replace(run.architecture, modules=2, self_coupling=0.0, input_scale=2.0)
    for link in LINKS:
        linked = replace(run, architecture=replace(chain, link=link))
        yield _placed(linked, "two modules", link, LINKS)


def _sweeps(base: Base, units: Sequence[int]) -> Iterator[Ablation]:
    for T in map(int, SWEEPS):
        run = _swept(_one(base, units), clamped=T, free=T)
        run = replace(run, schedule=replace(run.schedule, evaluation=T))
        yield _placed(run, "T clamped, T free", T, SWEEPS)


def _margin(base: Base, units: Sequence[int]) -> Iterator[Ablation]:
    for kappa in MARGINS:
        run = _one(base, units)
        yield _placed(replace(run, rule=replace(run.rule, margin=kappa)), "J and Win", kappa, {})


def _one(base: Base, units: Sequence[int]) -> Ablation:
    return base(units[0] if units else UNITS)


def _swept(run: Ablation, *, clamped: int, free: int) -> Ablation:
    return replace(run, schedule=replace(run.schedule, sweeps=Sweeps(clamped, free)))


def _placed(run: Ablation, series: str, at: float, published: Mapping[float, float]) -> Ablation:
    """With its place on the figure, and the published value if the size is that one's."""
    known = published.get(at) if run.architecture.units == UNITS else None
    return replace(run, series=series, at=at, published=known)


GROUPS: Mapping[str, Group] = {
    "couplings": Group("What learned couplings are for", "H", _couplings),
    "self-coupling": Group("What self-couplings are for", "J_D", _self_coupling),
    "link": Group("Links in place of self-couplings", "lambda", _link),
    "sweeps": Group("How many sweeps", "T", _sweeps),
    "margin": Group("How firm a margin", "kappa", _margin),
}
