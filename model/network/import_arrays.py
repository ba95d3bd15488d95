"""Networks trained elsewhere: one's own matrices, and those of the authors' library darnax."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse

from spinspike.arrays import FloatArray, IntArray, SparseMatrix
from spinspike.errors import BadFile, BadInput
from spinspike.npz import npz_names, read_whole_npz

from .network import Network

ARRAYS = ("J", "Win", "Wback", "Wout")
OPTIONAL = ("J_D", "bias", "centre", "gain", "input_range", "modules")
DARNAX = ("W", "J", "V", "B")
SPARSE = ("data", "indices", "shape")  # of a matrix saved sparse, after its name
LONGEST = 10**7  # side of such a matrix, whose shape costs its writer nothing


def from_arrays(
    J: ArrayLike | SparseMatrix,
    Win: ArrayLike | SparseMatrix,
    Wback: ArrayLike,
    Wout: ArrayLike,
    *,
    J_D: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    centre: ArrayLike | None = None,
    gain: ArrayLike = 1.0,
    input_range: ArrayLike = (0.0, 1.0),
    modules: ArrayLike | None = None,
) -> Network:
    """Make a network of matrices; an entry that is zero is a synapse that does not exist.

    Parameters
    ----------
    J : (H, H), dense or sparse
        Coupling J[i, j] from unit j to unit i. Without ``J_D`` its diagonal holds the
        self-couplings, with ``J_D`` it must be zero.
    Win : (H, D), dense or sparse
        Win[i, k] from input k to unit i.
    Wback : (H, C)
        Of the supervisory signal, from label code to units.
    Wout : (C, H)
        The readout.
    J_D : number or (H,), optional
        Self-couplings.
    bias : (H,), optional
    centre : (D,), optional
        Subtracted from an input before it is multiplied with ``gain``; zero when not given.
    input_range : (low, high)
        Smallest and largest value an input may have.
    modules : sizes of the modules, optional
        One module when not given.

    Raises
    ------
    BadInput
        Shapes do not fit each other, or a number is not finite.

    Examples
    --------
    >>> network = from_arrays([[.5, 1.], [-1., .5]], [[1.], [0.]], np.eye(2), np.eye(2))
    >>> network.self_coupling.tolist(), network.coupling.nnz, network.input_weight.nnz
    ([0.5, 0.5], 2, 1)
    """
    coupling, input_weight = _sparse("J", J), _sparse("Win", Win)
    units, inputs = coupling.shape[0], input_weight.shape[1]
    supervisory = _dense("Wback", Wback, (units, None))
    classes = supervisory.shape[1]
    _shape("J", coupling.shape, (units, units))
    _shape("Win", input_weight.shape, (units, inputs))
    if units < 1 or inputs < 1 or classes < 2:
        message = (
            f"there are {units} units, {inputs} inputs, {classes} classes; allowed: 1, 1, 2 up"
        )
        raise BadInput(message)
    diagonal = coupling.diagonal()
    if J_D is not None:
        if diagonal.any():
            message = (
                f"J has {diagonal[diagonal != 0][0]} on its diagonal; allowed beside J_D: zeros"
            )
            raise BadInput(message)
        given = _numbers("J_D", J_D)
        diagonal = _dense("J_D", np.full(units, given) if given.ndim == 0 else given, (units,))
    low, high = _dense("input_range", input_range, (2,))
    factor = float(_dense("gain", gain, ()))
    if factor <= 0 or low >= high:
        message = f"gain is {factor}, input_range {low} to {high}; allowed: above 0, increasing"
        raise BadInput(message)
    sizes = np.atleast_1d(np.asarray(units if modules is None else modules))
    if sizes.dtype.kind not in "iu" or sizes.min() < 1 or sizes.sum() != units:
        message = f"modules are {sizes.tolist()}; allowed: sizes that add up to {units}"
        raise BadInput(message)
    return Network(
        coupling=_without_diagonal(coupling),
        self_coupling=diagonal,
        link=csr_array((units, units), dtype=np.float64),
        input_weight=input_weight,
        bias=np.zeros(units) if bias is None else _dense("bias", bias, (units,)),
        supervisory=supervisory,
        readout=_dense("Wout", Wout, (classes, units)),
        centre=np.zeros(inputs) if centre is None else _dense("centre", centre, (inputs,)),
        gain=factor,
        input_range=(float(low), float(high)),
        modules=tuple(sizes.tolist()),
    )


def read_arrays(path: Path | str) -> Network:
    """Read a network from an .npz file with arrays named as the arguments of `from_arrays`.

    Raises
    ------
    BadFile
        It is missing or corrupt, has an array of another name, or its arrays are none that
        `from_arrays` takes.
    """
    arrays = read_whole_npz(path, ARRAYS, OPTIONAL)
    try:
        return from_arrays(**arrays)
    except BadInput as error:
        message = f"{path}: {error}"
        raise BadFile(message) from error


def from_darnax(
    W: ArrayLike | SparseMatrix,
    J: ArrayLike | SparseMatrix,
    V: ArrayLike | SparseMatrix,
    B: ArrayLike | SparseMatrix,
    **choices: Any,
) -> Network:
    """Make a network of darnax's matrices, which multiply states from the right.

    Parameters
    ----------
    W, J, V, B : (D, H), (H, H), (H, C), (C, H), dense or sparse
        Used as ``x @ W``, ``s @ J``, ``s @ V`` and ``code @ B``: rows are presynaptic. The
        diagonal of J holds the self-couplings.
    **choices
        ``centre``, ``gain`` and ``input_range`` as in `from_arrays`.
    """
    matrices: tuple[Any, ...] = (J, W, B, V)
    turned: list[Any] = [csr_array(m.T) if issparse(m) else np.asarray(m).T for m in matrices]
    back, out = (m.toarray() if issparse(m) else m for m in turned[2:])
    return from_arrays(turned[0], turned[1], back, out, **choices)


def from_orchestrator(orchestrator: Any, **choices: Any) -> Network:
    """Make a network of a live darnax orchestrator.

    Parameters
    ----------
    orchestrator : darnax.orchestrators.sequential.SequentialOrchestrator
        Input, one recurrent module, label and readout, as in darnax's tutorials:
        ``lmap[1][0].W``, ``lmap[1][1].J``, ``lmap[1][2].W`` (a FrozenRescaledFullyConnected, whose
        label code is that of this library) and ``lmap[2][1].W``.
    **choices
        ``centre``, ``gain`` and ``input_range`` as in `from_arrays`.

    Raises
    ------
    BadInput
        It has other layers.
    """
    layers = orchestrator.lmap
    try:
        into, recurrent, label, out = layers[1][0], layers[1][1], layers[1][2], layers[2][1]
        parts = into.W, recurrent.J, out.W, label.W
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        message = (
            f"the orchestrator lacks {error}; allowed: W at lmap[1][0], J at lmap[1][1], W at "
            "lmap[1][2] and at lmap[2][1], that is one recurrent module"
        )
        raise BadInput(message) from error
    return from_darnax(*(np.asarray(part) for part in parts), **choices)


def read_darnax(path: Path | str, **choices: Any) -> Network:
    """Read a darnax network from an .npz file with arrays W, J, V and B.

    Any of them may come as the arrays of a sparse matrix: of JAX's BCOO as ``W_data`` (n,),
    ``W_indices`` (n, 2) and ``W_shape`` (2,), of SciPy's CSR as ``W_data`` (n,), ``W_indices``
    (n,), ``W_indptr`` (rows + 1,) and ``W_shape`` (2,).

    Parameters
    ----------
    path : path
        The file.
    **choices
        As for `from_darnax`.

    Raises
    ------
    BadFile
        It is missing or corrupt, an array is missing or has another name, or the arrays fit
        neither each other nor a matrix.
    """
    sparse = [name for name in DARNAX if f"{name}_data" in npz_names(path)]
    parts = [f"{name}_{part}" for name in sparse for part in SPARSE]
    needed = [name for name in DARNAX if name not in sparse] + parts
    arrays = read_whole_npz(path, needed, [f"{name}_indptr" for name in sparse])
    try:
        for name in sparse:
            arrays[name] = _matrix(name, arrays)
        return from_darnax(*(arrays[name] for name in DARNAX), **choices)
    except BadInput as error:
        message = f"{path}: {error}"
        raise BadFile(message) from error


def _matrix(name: str, arrays: Mapping[str, NDArray[Any]]) -> SparseMatrix:
    """The matrix that ``name_data``, ``name_indices``, ``name_shape`` and maybe more describe."""
    data, indices, shape = (arrays[f"{name}_{part}"] for part in SPARSE)
    pointers = arrays.get(f"{name}_indptr")
    whole = [indices, shape] if pointers is None else [indices, shape, pointers]
    if any(array.dtype.kind not in "iu" for array in whole):
        kinds = ", ".join(str(array.dtype) for array in whole)
        message = (
            f"{name}_indices, {name}_shape or {name}_indptr have types {kinds}; allowed: integers"
        )
        raise BadInput(message)
    _shape(f"{name}_shape", shape.shape, (2,))
    _shape(f"{name}_data", data.shape, (None,))
    wanted = (len(data), 2) if pointers is None else (len(data),)
    _shape(f"{name}_indices", indices.shape, wanted)
    values = _dense(f"{name}_data", data, (None,))
    size = (int(shape[0]), int(shape[1]))
    if min(size) < 1 or max(size) > LONGEST:
        message = f"{name}_shape is {size}; allowed: 1 to {LONGEST:,} each"
        raise BadInput(message)
    if pointers is None:
        rows, columns = indices.T.astype(np.int64)
    else:
        counts = np.diff(_pointers(name, pointers.astype(np.int64), size[0], len(data)))
        rows, columns = np.repeat(np.arange(size[0]), counts), indices.astype(np.int64)
    for place, end in ((rows, size[0]), (columns, size[1])):
        if len(place) and not (place.min() >= 0 and place.max() < end):
            message = (
                f"{name}_indices go from {place.min()} to {place.max()}; allowed: 0 to {end - 1}"
            )
            raise BadInput(message)
    return csr_array((values, (rows, columns)), shape=size)


def _pointers(name: str, pointers: IntArray, rows: int, entries: int) -> IntArray:
    _shape(f"{name}_indptr", pointers.shape, (rows + 1,))
    if pointers[0] != 0 or pointers[-1] != entries or (np.diff(pointers) < 0).any():
        message = (
            f"{name}_indptr goes from {pointers[0]} to {pointers[-1]}; allowed: from 0 up to "
            f"{entries}, never down"
        )
        raise BadInput(message)
    return pointers


def _numbers(name: str, value: ArrayLike) -> NDArray[Any]:
    """An array of finite numbers, in the type it came in."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        message = f"{name} is no array: {error}"
        raise BadInput(message) from error
    if array.dtype.kind not in "biuf":
        message = f"{name} has type {array.dtype}; allowed: numbers"
        raise BadInput(message)
    if not np.isfinite(array).all():
        message = f"{name} contains nan or infinity; allowed: finite numbers"
        raise BadInput(message)
    return array


def _dense(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> FloatArray:
    array = _numbers(name, value)
    _shape(name, array.shape, shape)
    return array.astype(np.float64)


def _shape(name: str, found: tuple[int, ...], wanted: tuple[int | None, ...]) -> None:
    fits = len(found) == len(wanted) and all(
        want in (None, got) for want, got in zip(wanted, found, strict=True)
    )
    if not fits:
        named = tuple("any" if n is None else n for n in wanted)
        message = f"{name} has shape {found}; allowed: {named}"
        raise BadInput(message)


def _sparse(name: str, value: ArrayLike | SparseMatrix) -> SparseMatrix:
    if issparse(value):
        matrix = csr_array(value, copy=True)  # what was handed in stays as it is
        _numbers(name, matrix.data)
        matrix = matrix.astype(np.float64)
    else:
        # converted first: SciPy takes neither half precision nor another order of bytes
        matrix = csr_array(_dense(name, value, (None, None)))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _without_diagonal(matrix: SparseMatrix) -> SparseMatrix:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    off = rows != matrix.indices
    return csr_array((matrix.data[off], (rows[off], matrix.indices[off])), shape=matrix.shape)
