"""Attractor networks of ±1 spins, learned, mapped to integer spiking graphs, proved on simulators.

What is used most, from the floors it lies on, each imported when it is first asked for: `model`,
`mapping`, `simulators`, `studies`. The ground they stand on: `arrays`; `errors` — all exceptions;
`hdf5`, `npz` — files; `task`, `campaign`, `dask_cluster` — many runs; `wilson`; `compiled`.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinspike.mapping import Rounding, SynapseGraph, Target, map_network
    from spinspike.model import Architecture, Dataset, FixedPoints, Network, store, train
    from spinspike.simulators import Claim, Outcome, Simulator, export, recall, validate
    from spinspike.studies import certify, info, load, plot, save

__all__ = [
    "Architecture", "Claim", "Dataset", "FixedPoints", "Network", "Outcome", "Rounding",
    "Simulator", "SynapseGraph", "Target", "certify", "export", "info", "load", "map_network",
    "plot", "recall", "save", "store", "train", "validate",
]  # fmt: skip
__version__ = version("spinspike")
_FLOORS = {
    "model": ("Architecture", "Dataset", "FixedPoints", "Network", "store", "train"),
    "mapping": ("Rounding", "SynapseGraph", "Target", "map_network"),
    "simulators": ("Claim", "Outcome", "Simulator", "export", "recall", "validate"),
    "studies": ("certify", "info", "load", "plot", "save"),
}

if not TYPE_CHECKING:  # else every misspelt name would have a type

    def __getattr__(name: str) -> Any:
        for floor, names in _FLOORS.items():
            if name in names:
                return getattr(import_module(f"spinspike.{floor}"), name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
