"""What a chip can hold: limits read from a YAML file, each with its source.

A file names the limits it knows and nothing else; what it does not name is not checked::

    title: My chip                     # how messages call it
    limits:
      neurons_per_core:
        value: 256
        source: data sheet, page 12    # asked for, so that a number can be looked up
      mixed_signs: {value: false, source: data sheet, page 30}
    unknown:                           # optional: what the check cannot see, told to the user
      - input axons per core

`Target` lists the limits. Those that come with spinspike lie in ``mapping/chips/targets``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn, cast

from spinspike.errors import BadFile, BadInput

BUILT_IN = (
    "brainscales2", "ecp5-25k", "ecp5-85k", "generic", "ice40up5k", "loihi1", "loihi2", "spinnaker2",
    "xylo",
)  # fmt: skip
MAX_LIMIT = 2**62  # a limit beyond it is a slip of the pen, and overflows 64 bits


@dataclass(frozen=True)
class Target:
    """Limits of a chip; None where there is none or it is not known.

    Parameters
    ----------
    name, title : str
        For files and for messages.
    sources : mapping
        Where each limit comes from.
    unknown : tuple of str
        What is not known and hence not checked.
    cores_per_chip : int
    neurons_per_core : int
        Readout neurons count too, unless `readouts_per_core` gives them places of their own.
    readouts_per_core : int
    synapse_bits_per_core : int
        Synapse memory.
    axons_in_per_core, axons_out_per_core : int
        Lists of synapses that a core holds, and that its neurons' spikes are sent to.
    synapses_per_chip, recurrent_synapses_per_chip : int
        All, and those between threshold neurons.
    fan_in : int
        Synapses into one neuron.
    weight_bits : tuple of int
        Widths in which the magnitude of a weight can be stored.
    weight_exponents : (int, int)
        Smallest and largest exponent of a projection.
    delay : int
        Longest delay of a synapse, in steps beyond the one that every spike takes.
    bias_bits : int
        Width of the bias, sign included.
    state_bits, accumulator_bits : int
        Widths of the membrane, and of the synaptic input of one step, sign included.
    mixed_signs : bool
        Whether a neuron may excite and inhibit.
    autapses : bool
        Whether a neuron may have a synapse onto itself.
    memoryless : bool
        Whether a neuron can forget everything from one step to the next, as those of a graph do.
    input_levels : int
        Largest value of an input neuron's spike; 1: spikes are binary.
    input_channels : int
        Neurons outside the chip that send spikes to it.
    word_bits, header_bits, block_weights, index_bits
        How weights are packed; see `synapse_memory`.
    state_shift : int
        A weight of 1 counts 2**state_shift in membrane and accumulator.
    bias_exponent : int
        Largest exponent of the bias: it counts 2**bias_exponent in the membrane.
    """

    name: str
    title: str
    sources: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    cores_per_chip: int | None = None
    neurons_per_core: int | None = None
    readouts_per_core: int | None = None
    synapse_bits_per_core: int | None = None
    axons_in_per_core: int | None = None
    axons_out_per_core: int | None = None
    synapses_per_chip: int | None = None
    recurrent_synapses_per_chip: int | None = None
    fan_in: int | None = None
    weight_bits: tuple[int, ...] | None = None
    weight_exponents: tuple[int, int] | None = None
    delay: int | None = None
    bias_bits: int | None = None
    state_bits: int | None = None
    accumulator_bits: int | None = None
    mixed_signs: bool | None = None
    autapses: bool | None = None
    memoryless: bool | None = None
    input_levels: int | None = None
    input_channels: int | None = None
    word_bits: int | None = None
    header_bits: int | None = None
    block_weights: int | None = None
    index_bits: tuple[int, ...] | None = None
    state_shift: int | None = None
    bias_exponent: int | None = None

    @property
    def limits(self) -> dict[str, Any]:
        """The values that are given, in the order above."""
        return {key: value for key in KINDS if (value := getattr(self, key)) is not None}


Reader = Callable[[Any], Any]  # raises ValueError for what is not allowed


def load_target(name: str | Path) -> Target:
    """Read a target: one of `BUILT_IN`, or the user's own file.

    Parameters
    ----------
    name : str or path
        A name of `BUILT_IN`, or a YAML file.

    Raises
    ------
    BadInput
        There is neither a target nor a file of that name.
    BadFile
        The file is not a target; the message names key, value and what is allowed.

    Examples
    --------
    >>> load_target("loihi1").neurons_per_core
    1024
    """
    if str(name) in BUILT_IN:
        text = (files("spinspike.mapping.chips") / "targets" / f"{name}.yaml").read_text("utf-8")
        return _parse(text, str(name), f"target {name}")
    path = Path(name)
    if not path.is_file():
        message = (
            f"unknown target {str(name)!r}; allowed: {', '.join(BUILT_IN)}, or the path of a "
            "YAML file with limits of your own"
        )
        raise BadInput(message)
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        _fail(str(path), f"not a text in UTF-8 ({error})")
    return _parse(text, path.stem, str(path))


def _parse(text: str, name: str, where: str) -> Target:
    import yaml

    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        _fail(where, f"not YAML: {error}")
    content = _mapping(where, "the file", content, ("title", "limits", "unknown"))
    title, unknown = content.get("title"), content.get("unknown", [])
    if not isinstance(title, str) or not title.strip():
        _fail(where, f"title is {title!r}; allowed: a text")
    if not isinstance(unknown, list) or not all(isinstance(line, str) for line in unknown):
        _fail(where, f"unknown is {unknown!r}; allowed: a list of texts")
    limits = _mapping(where, "limits", content.get("limits"), tuple(KINDS))
    entries = {
        key: _mapping(where, key, entry, ("value", "source")) for key, entry in limits.items()
    }
    return Target(
        name=name,
        title=title,
        sources={key: _source(where, key, entry) for key, entry in entries.items()},
        unknown=tuple(unknown),
        **{key: _value(where, key, entry) for key, entry in entries.items()},
    )


def _mapping(where: str, what: str, found: Any, allowed: tuple[str, ...]) -> dict[str, Any]:
    """A mapping with no other keys than the allowed ones."""
    if not isinstance(found, dict):
        _fail(where, f"{what} is {found!r}; allowed: a mapping with {', '.join(allowed)}")
    for key in found:
        if key not in allowed:
            _fail(where, f"{what} has an unknown key {key!r}; allowed: {', '.join(allowed)}")
    return cast(dict[str, Any], found)


def _source(where: str, key: str, entry: dict[str, Any]) -> str:
    source = entry.get("source")
    if not isinstance(source, str) or not source.strip():
        _fail(where, f"{key} has source {source!r}; allowed: a text saying where it comes from")
    return source


def _value(where: str, key: str, entry: dict[str, Any]) -> Any:
    reader, allowed = KINDS[key]
    try:
        return reader(entry.get("value"))
    except ValueError:
        _fail(where, f"{key} has value {entry.get('value')!r}; allowed: {allowed}")


def _whole(value: Any, low: int) -> int:
    if type(value) is not int or not low <= value <= MAX_LIMIT:  # True is an int too
        raise ValueError
    return value


def _widths(value: Any, low: int) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    widths = tuple(_whole(width, low) for width in value)
    if list(widths) != sorted(set(widths)):
        raise ValueError
    return widths


def _span(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError
    low, high = (_whole(end, -MAX_LIMIT) for end in value)
    if low > high:
        raise ValueError
    return low, high


def _flag(value: Any) -> bool:
    if value is not True and value is not False:
        raise ValueError
    return bool(value)


def _fail(where: str, why: str) -> NoReturn:
    message = f"{where} is not a target: {why}"
    raise BadFile(message)


_COUNT: tuple[Reader, str] = (lambda v: _whole(v, 1), "a whole number from 1")
_NUMBER: tuple[Reader, str] = (lambda v: _whole(v, 0), "a whole number from 0")
_YES_NO: tuple[Reader, str] = (_flag, "true or false")
KINDS: dict[str, tuple[Reader, str]] = {
    "cores_per_chip": _COUNT,
    "neurons_per_core": _COUNT,
    "readouts_per_core": _COUNT,
    "synapse_bits_per_core": _COUNT,
    "axons_in_per_core": _COUNT,
    "axons_out_per_core": _COUNT,
    "synapses_per_chip": _COUNT,
    "recurrent_synapses_per_chip": _COUNT,
    "fan_in": _COUNT,
    "weight_bits": (lambda v: _widths(v, 1), "a rising list of whole numbers from 1"),
    "weight_exponents": (_span, "a list of two whole numbers, smallest and largest"),
    "delay": _NUMBER,
    "bias_bits": _COUNT,
    "state_bits": _COUNT,
    "accumulator_bits": _COUNT,
    "mixed_signs": _YES_NO,
    "autapses": _YES_NO,
    "memoryless": _YES_NO,
    "input_levels": _COUNT,
    "input_channels": _COUNT,
    "word_bits": _COUNT,
    "header_bits": _NUMBER,
    "block_weights": _COUNT,
    "index_bits": (lambda v: _widths(v, 0), "a rising list of whole numbers from 0"),
    "state_shift": _NUMBER,
    "bias_exponent": _NUMBER,
}
