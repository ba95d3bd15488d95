"""The binary recurrent network: its parameters, and how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array

from spinspike.arrays import BoolArray, FloatArray, SparseMatrix
from spinspike.errors import BadInput
from spinspike.one_line import OneLine

from .architecture import Architecture

ROWS_PER_BATCH = (
    512  # rows drawn at a time, so that a sparse matrix never stands there as a dense one
)


@dataclass(frozen=True, repr=False)
class Network(OneLine):
    """The parameters of a trained or fresh network, and how it sees its input.

    All modules are numbered through, so that a network of any graph is one set of H units. The
    sparse matrices hold every synapse that exists, whatever its weight; only those learn. An
    input enters as ``(x - centre) * gain``.
    """

    coupling: SparseMatrix  # (H, H) J, from unit j (column) to unit i (row), no diagonal; learned
    self_coupling: FloatArray  # (H,) J_D
    link: SparseMatrix  # (H, H) lambda between modules; never learned
    input_weight: SparseMatrix  # (H, D) Win
    bias: FloatArray  # (H,) b
    supervisory: FloatArray  # (H, C) Wback
    readout: FloatArray  # (C, H) Wout; columns of modules that are not read out are zero
    centre: FloatArray  # (D,)
    gain: float
    input_range: tuple[float, float]  # smallest and largest value an input may have
    modules: tuple[int, ...]  # units of each module

    def summary(self) -> str:
        """Sizes."""
        return (
            f"{self.units} units in {len(self.modules)} modules, {self.inputs} inputs, "
            f"{self.classes} classes, {self.coupling.nnz:,} couplings"
        )

    @property
    def units(self) -> int:
        """H, of all modules together."""
        return self.self_coupling.size

    @property
    def inputs(self) -> int:
        """D."""
        return len(self.centre)

    @property
    def classes(self) -> int:
        """C."""
        return len(self.readout)


def random_network(
    architecture: Architecture,
    rng: np.random.Generator,
    *,
    centre: FloatArray,
    gain: float = 2.5,
    input_range: tuple[float, float] = (0.0, 1.0),
) -> Network:
    """Draw a fresh network with the statistics of its architecture.

    Parameters
    ----------
    architecture : Architecture
    rng : numpy.random.Generator
    centre : (D,)
        What is taken from an input.
    gain : float > 0
        What the rest is multiplied by.
    input_range : (float, float)
        Smallest and largest value that an input may have.

    Examples
    --------
    >>> architecture = Architecture(units=50, inputs=4, classes=3)
    >>> network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(4))
    >>> network.coupling.shape, float(network.self_coupling[0])
    ((50, 50), 0.5)
    """
    a = architecture
    if centre.shape != (a.inputs,):
        message = f"centre has shape {centre.shape}; allowed: ({a.inputs},)"
        raise BadInput(message)
    if not (np.isfinite(gain) and gain > 0 and np.isfinite(centre).all()):
        message = f"gain is {gain}, centre {centre}; allowed: finite numbers, gain above 0"
        raise BadInput(message)
    if not input_range[0] < input_range[1]:
        message = f"input_range is {input_range}; allowed: an increasing pair"
        raise BadInput(message)
    total, others = a.modules * a.units, ~np.eye(a.units, dtype=np.bool_)
    everyone = np.ones((a.units, a.units), dtype=np.bool_)
    coupling = {
        (m, m): _normal(rng, others, fan_in=a.units, sparsity=a.sparsity) for m in range(a.modules)
    }
    coupling |= {
        (target, source): _normal(rng, everyone, fan_in=a.units, sparsity=a.between_sparsity)
        for source, target in (a.connections if a.between_sparsity < 1 else ())
    }
    side = a.receptive_field
    seen = {
        (m, 0): _normal(
            rng, _windows(rng, a), fan_in=side**2 or a.inputs, sparsity=a.input_sparsity
        )
        for m in a.chosen("input")
    }
    links = {
        (target, source): eye_array(a.units) for source, target in (a.connections if a.link else ())
    }
    return Network(
        coupling=a.coupling_scale * _assemble(coupling, a.units, (total, total)),
        self_coupling=np.repeat(np.asarray(a.self_couplings, dtype=np.float64), a.units),
        link=a.link * _assemble(links, a.units, (total, total)),
        input_weight=a.input_scale * _assemble(seen, a.units, (total, a.inputs)),
        bias=np.zeros(total),
        supervisory=a.supervisory_scale
        * _dense(rng, (total, a.classes))
        * _belongs(a, "supervisory")[:, None],
        readout=_dense(rng, (a.classes, total))
        * _belongs(a, "readout")
        * np.sqrt(a.modules / len(a.chosen("readout"))),  # 1/H of the units that are read
        centre=centre,
        gain=gain,
        input_range=input_range,
        modules=(a.units,) * a.modules,
    )


def _normal(
    rng: np.random.Generator, possible: BoolArray, *, fan_in: int, sparsity: float
) -> SparseMatrix:
    """Normal entries of variance 1/(fan_in (1 - sparsity)) where possible, a fraction absent."""
    parts = []
    for start in range(0, len(possible), ROWS_PER_BATCH):
        some = possible[start : start + ROWS_PER_BATCH]
        kept = some & (rng.random(some.shape) >= sparsity)
        rows, columns = np.nonzero(kept)
        parts.append((rng.normal(size=some.shape)[kept], rows + start, columns))
    values, rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    if values.size:
        values /= np.sqrt(fan_in * (1 - sparsity))
    return coo_array((values, (rows, columns)), shape=possible.shape)


def _dense(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Normal entries of variance 1/columns."""
    everywhere = np.ones(shape, dtype=np.bool_)
    drawn: FloatArray = _normal(rng, everywhere, fan_in=shape[1], sparsity=0.0).toarray()
    return drawn


def _windows(rng: np.random.Generator, architecture: Architecture) -> BoolArray:
    """Pixels that each unit of a module can see, (units, inputs): a square at a random place."""
    a = architecture
    if not a.receptive_field or a.image_shape is None:
        return np.ones((a.units, a.inputs), dtype=np.bool_)
    inside = []
    for length in a.image_shape:
        start = rng.integers(0, length - a.receptive_field + 1, size=(a.units, 1))
        place = np.arange(length)
        inside.append((place >= start) & (place < start + a.receptive_field))
    window = inside[0][:, :, None] & inside[1][:, None, :]
    return window.reshape(a.units, a.inputs)


def _belongs(architecture: Architecture, role: str) -> FloatArray:
    """1 for units of the modules that have a role, 0 for all others; (H,)."""
    chosen = [m in architecture.chosen(role) for m in range(architecture.modules)]
    return np.repeat(np.asarray(chosen, dtype=np.float64), architecture.units)


def _assemble(
    blocks: Mapping[tuple[int, int], SparseMatrix], units: int, shape: tuple[int, int]
) -> SparseMatrix:
    """One CSR matrix from blocks whose rows and columns are modules."""
    parts = [
        (block.data, block.row + target * units, block.col + source * units)
        for (target, source), block in blocks.items()
        for block in (coo_array(block),)
    ]
    if not parts:
        return csr_array(shape, dtype=np.float64)
    values, rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    matrix = csr_array((values, (rows, columns)), shape=shape)
    matrix.sort_indices()
    return matrix
