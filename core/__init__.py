"""Attractor networks of ±1 spins, learned, mapped to integer spiking graphs, proved on simulators.

What is used most, from the floors it lies on (`model`, `mapping`, `simulators`, `studies`), imported
when it is asked for. The ground they stand on: `arrays`; `errors`; `hdf5`, `npz` — files; `task`,
`campaign`, `dask_cluster` — many runs; `wilson`; `compiled`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinspike.mapping import Rounding, SynapseGraph, Target, map_network
    from spinspike.model import Architecture, Dataset, FixedPoints, Network, store
    from spinspike.simulators import Claim, Outcome, Simulator, export, recall
    from spinspike.studies import certify, check, energy, info, load, plot, save
    from spinspike.studies import train, validate, view  # isort: skip
    from spinspike.studies.stress import stress

    __version__: str
_FLOORS = {
    "mapping": "Rounding SynapseGraph Target map_network",
    "model": "Architecture Dataset FixedPoints Network store",
    "simulators": "Claim Outcome Simulator export recall",
    "studies": "certify check energy info load plot save train validate view",
    "studies.stress": "stress",
}
__all__ = [
    "Architecture", "Claim", "Dataset", "FixedPoints", "Network", "Outcome", "Rounding",
    "Simulator", "SynapseGraph", "Target", "certify", "check", "energy", "export", "info", "load",
    "map_network", "plot", "recall", "save", "store", "stress", "train", "validate", "view",
]  # fmt: skip

if not TYPE_CHECKING:  # else every misspelt name would have a type

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return import_module("importlib.metadata").version("spinspike")
        for floor, names in _FLOORS.items():
            if name in names.split():
                return getattr(import_module(f"spinspike.{floor}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")  # noqa: EM102
