"""Networks trained elsewhere: one's own matrices, and those of the authors' library darnax."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse

from spinspike.arrays import FloatArray, IntArray, SparseMatrix, SpinArray, open_shape
from spinspike.errors import BadFile, BadInput
from spinspike.npz import npz_names, read_whole_npz

from .network import Network

ARRAYS = {
    "J": "(H, H), J[i, j] from unit j to unit i",
    "J_D": "(H,) or a number, self-couplings beside a J whose diagonal is zero",
    "bias": "(H,), minus the threshold of each unit",
    "unit_values": "(2,), what a unit is when it is down and up: -1, 1 or 0, 1",
    "states": "(P, H), states that are to be held, in unit_values",
    "Win": "(H, D), from input k to unit i",
    "Wback": "(H, C), from class c to unit i",
    "Wout": "(C, H), from unit i to class c",
    "centre": "(D,), subtracted from an input",
    "gain": "a number, factor of an input",
    "input_range": "(2,), smallest and largest input",
    "modules": "sizes of the modules",
}
DARNAX = ("W", "J", "V", "B")
SPARSE = ("data", "indices", "shape")  # of a matrix saved sparse, after its name
LONGEST = 10**7  # side of such a matrix, whose shape costs its writer nothing


def from_arrays(
    J: ArrayLike | SparseMatrix,
    Win: ArrayLike | SparseMatrix | None = None,
    Wback: ArrayLike | None = None,
    Wout: ArrayLike | None = None,
    *,
    J_D: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    centre: ArrayLike | None = None,
    gain: ArrayLike = 1.0,
    input_range: ArrayLike = (0.0, 1.0),
    modules: ArrayLike | None = None,
    unit_values: ArrayLike = (-1, 1),
) -> Network:
    """Make a network of matrices; an entry that is zero is a synapse that does not exist.

    ``J`` alone is enough: an associative memory has neither inputs nor classes.

    Parameters
    ----------
    J : (H, H), dense or sparse
        Coupling J[i, j] from unit j to unit i. Without ``J_D`` its diagonal holds the
        self-couplings, with ``J_D`` it must be zero.
    Win : (H, D), dense or sparse, optional
        Win[i, k] from input k to unit i; no inputs when not given.
    Wback : (H, C), optional
        Of the supervisory signal, from label code to units; zero when not given.
    Wout : (C, H), optional
        The readout; zero when not given. Without both there are no classes.
    J_D : number or (H,), optional
        Self-couplings.
    bias : (H,), optional
        Minus the threshold of each unit; zero when not given.
    centre : (D,), optional
        Subtracted from an input before it is multiplied with ``gain``; zero when not given.
    input_range : (low, high)
        Smallest and largest value an input may have.
    modules : sizes of the modules, optional
        One module when not given.
    unit_values : (-1, 1) or (0, 1)
        What a unit is when it is down and when it is up, in the equation that the matrices are
        for. With n = (1 + s) / 2 couplings of units 0 and 1 are halved, and half the sum of a row
        goes into the bias: the fields are the same.

    Raises
    ------
    BadInput
        Shapes do not fit each other, or a number is not finite; or units are 0 and 1 and there is
        a readout, whose scores would need a bias.

    Examples
    --------
    >>> network = from_arrays([[.5, 1.], [-1., .5]], [[1.], [0.]], np.eye(2), np.eye(2))
    >>> network.self_coupling.tolist(), network.coupling.nnz, network.input_weight.nnz
    ([0.5, 0.5], 2, 1)

    Units of 0 and 1, J alone, with a threshold of 1:

    >>> network = from_arrays([[0, 2], [2, 0]], bias=[-1, -1], unit_values=(0, 1))
    >>> network.coupling.toarray().tolist(), network.bias.tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [0.0, 0.0])
    """
    coupling = _sparse("J", J)
    units = coupling.shape[0]
    _shape("J", coupling.shape, (units, units))
    input_weight = csr_array((units, 0), dtype=np.float64) if Win is None else _sparse("Win", Win)
    inputs = input_weight.shape[1]
    _shape("Win", input_weight.shape, (units, inputs))
    supervisory, readout = _classes(units, Wback, Wout)
    if units < 1 or len(readout) == 1:
        message = (
            f"there are {units} units and {len(readout)} classes; allowed: 1 unit or more, 0 "
            "classes or 2 or more"
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
    own_bias = np.zeros(units) if bias is None else _dense("bias", bias, (units,))
    down, _ = _unit_values(unit_values)
    if down == 0:
        if readout.any():
            message = "unit_values are 0, 1 beside Wout; allowed with a readout: -1, 1"
            raise BadInput(message)
        coupling = _without_diagonal(coupling) / 2
        diagonal = diagonal / 2
        own_bias = own_bias + coupling.sum(axis=1) + diagonal
    return Network(
        coupling=_without_diagonal(coupling),
        self_coupling=diagonal,
        link=csr_array((units, units), dtype=np.float64),
        input_weight=input_weight,
        bias=own_bias,
        supervisory=supervisory,
        readout=readout,
        centre=np.zeros(inputs) if centre is None else _dense("centre", centre, (inputs,)),
        gain=factor,
        input_range=(float(low), float(high)),
        modules=tuple(sizes.tolist()),
    )


def _classes(
    units: int, Wback: ArrayLike | None, Wout: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Supervisory signal (H, C) and readout (C, H); zero what is not there."""
    if Wback is not None:
        supervisory = _dense("Wback", Wback, (units, None))
        classes = supervisory.shape[1]
        if Wout is None:
            return supervisory, np.zeros((classes, units))
        return supervisory, _dense("Wout", Wout, (classes, units))
    readout = np.zeros((0, units)) if Wout is None else _dense("Wout", Wout, (None, units))
    return np.zeros((units, len(readout))), readout


def _unit_values(given: ArrayLike) -> tuple[int, int]:
    down, up = _dense("unit_values", given, (2,)).tolist()
    if (down, up) not in ((-1.0, 1.0), (0.0, 1.0)):
        message = f"unit_values are {down:g}, {up:g}; allowed: -1, 1 or 0, 1"
        raise BadInput(message)
    return int(down), int(up)


def states_of_units(states: ArrayLike, unit_values: ArrayLike, units: int) -> SpinArray:
    """States in -1 and +1 from those in the values that units have.

    Parameters
    ----------
    states : (P, H)
        Each entry one of ``unit_values``.
    unit_values : (-1, 1) or (0, 1)
        As for `from_arrays`.
    units : int
        H.

    Raises
    ------
    BadInput
        They have another shape, or an entry is none of the two.
    """
    values = _unit_values(unit_values)
    array = _dense("states", states, (None, units))
    wrong = np.argwhere(~np.isin(array, values))
    if wrong.size:
        row, unit = wrong[0]
        message = (
            f"state {row} has {array[row, unit]:g} at unit {unit}; allowed: {values[0]} and "
            f"{values[1]}, the unit_values"
        )
        raise BadInput(message)
    return np.where(array == values[1], 1, -1).astype(np.int8)


def read_arrays(path: Path | str) -> Network:
    """Read a network from an .npz file with arrays named as the arguments of `from_arrays`.

    Raises
    ------
    BadFile
        It is missing or corrupt, has an array of another name, or its arrays are none that
        `from_arrays` takes.
    """
    return read_with_states(path)[0]


def read_with_states(path: Path | str) -> tuple[Network, SpinArray]:
    """Read a network, and the array ``states`` beside it, from an .npz file.

    Parameters
    ----------
    path : path
        Of the file; `ARRAYS` says what it may have. All but ``J`` may be missing, but ``Wback``
        and ``Wout`` come together and with ``Win``.

    Returns
    -------
    network : Network
        As `from_arrays` makes it.
    states : (P, H)
        In -1 and +1; none where the file has none.

    Raises
    ------
    BadFile
        As for `read_arrays`.
    """
    try:
        arrays = read_whole_npz(path, ("J",), [name for name in ARRAYS if name != "J"])
    except BadFile as error:
        if "array" not in str(error):
            raise
        known = "; ".join(f"{name} {what}" for name, what in ARRAYS.items())
        message = f"{error}; arrays: {known}; all but J may be missing"
        raise BadFile(message) from error
    together = ("Win", "Wback", "Wout")  # a label needs all three; one that is lost is noticed
    missing = [name for name in together if name not in arrays]
    if missing and {"Wback", "Wout"} & arrays.keys():
        message = f"{path} has no array {missing[0]}; needed for labels: {', '.join(together)}"
        raise BadFile(message)
    states = arrays.pop("states", None)
    try:
        network = from_arrays(**arrays)
        values = arrays.get("unit_values", (-1, 1))
        if states is None:
            return network, np.zeros((0, network.units), dtype=np.int8)
        return network, states_of_units(states, values, network.units)
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
        message = f"{name} has shape {found}; allowed: {open_shape(wanted)}"
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
