"""Which engine runs a network: compiled for processors, JAX for a GPU, or plain NumPy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from spinspike.errors import BadInput, MissingPart
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.network import Network

from .base import Course, Engine
from .margin_rule import MarginRule
from .numpy_engine import NumpyEngine
from .uncompiled import INSTALL, compiles

Device = Literal["auto", "cpu", "gpu", "numpy"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "gpu", "numpy")
COMPILE_FROM = 10**9  # synapses times patterns
COST = "NumPy trains: 10 to 150 times slower, and in double precision, which makes another network"
COST_OF_RUNS = "NumPy finds the fixed points: the same ones, many times slower"
GPU_PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin", "jax_rocm60_plugin", "jax_rocm7_plugin")


def engine(network: Network, course: Course, *, device: Device = "auto") -> Engine:
    """An engine for learning, in single precision (``numpy``: in double).

    Parameters
    ----------
    device : {"auto", "cpu", "gpu", "numpy"}
        ``cpu`` is compiled by Numba, ``gpu`` runs on JAX; ``auto`` is what `chosen` makes of it.

    Raises
    ------
    MissingPart
        The package that the device needs is not installed, or there is no GPU.
    """
    device = chosen(device)
    if device == "gpu":
        from .jax_engine import JaxEngine, gpu

        return JaxEngine(network, course, device=gpu())
    if device == "numpy":
        return NumpyEngine(network, course)
    return _numba(network, course, "float32")


def chosen(device: Device) -> Device:
    """The device that does the work.

    ``auto`` takes a GPU where JAX can use one, else Numba where it is installed, else NumPy, which
    is slow, and says so: what it trains differs, since it rounds in double precision.
    """
    device = known_device(device)
    if device != "auto":
        return device
    return "gpu" if _has_gpu() else "cpu" if compiles(COST) else "numpy"


def known_device(name: str) -> Device:
    """The device of this name; refuses one that does not exist."""
    for device in DEVICES:
        if name == device:
            return device
    message = f"device is {name!r}; allowed: {', '.join(DEVICES)}"
    raise BadInput(message)


def exact_engine(network: Network, patterns: int) -> Engine:
    """An engine for states that have to be exact: double precision, on processors, no learning.

    Small work is done by NumPy, before Numba could have compiled the kernels for it.
    """
    course = Course(MarginRule(), Sweeps())
    synapses = network.coupling.nnz + network.input_weight.nnz
    if patterns * synapses < COMPILE_FROM or not compiles(COST_OF_RUNS):
        return NumpyEngine(network, course)
    return _numba(network, course, "float64")


def _has_gpu() -> bool:
    """Whether JAX finds a GPU; it is not asked, which takes seconds, where it has no plugin."""
    if not find_spec("jax") or not any(find_spec(plugin) for plugin in GPU_PLUGINS):
        return False
    from .jax_engine import gpu

    try:
        gpu()
    except MissingPart:
        return False
    return True


def _numba(network: Network, course: Course, dtype: str) -> Engine:
    if not find_spec("numba"):
        message = f"device cpu needs numba: {INSTALL}, or take device numpy"
        raise MissingPart(message)
    from .numba_engine import NumbaEngine

    return NumbaEngine(network, course, dtype=dtype)
