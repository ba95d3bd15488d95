"""How a unit becomes neurons, and a signed weight between units synapses between them.

An encoding is a table. A neuron of polarity +1 spikes when its unit is up, one of polarity -1 when
it is down. Let x_i = sum_j w_ij n_j + b_i be the integer field of unit i, n_j = (1 + s_j) / 2, so
that s_i = +1 iff x_i > 0. A neuron of polarity -1 must then spike iff 1 - x_i > 0. So a weight w
reaches a neuron of polarity p with the sign of p w, and travels on the kind of neuron that
*carries* that sign. Where that is one of polarity -1, whose spikes count 1 - n_j, the excess
constant goes into the bias; `assemble` does so for every encoding alike.

==========  ======================  ===========================================================
signed      S                       a neuron has synapses of both signs
dale        E, I (twins)            E carries what excites, I what inhibits: Dale's law
pushpull    ON (+1), OFF (-1)       excitation only: ON carries what raises a field, OFF the rest
==========  ======================  ===========================================================

``signed`` and ``dale`` are exact on all states, ``pushpull`` on complementary ones (of ON and OFF
just one spikes), which is where it starts and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spinspike.errors import BadInput

Sign = Literal[-1, 1]


@dataclass(frozen=True)
class Encoding:
    """One row of the table.

    Parameters
    ----------
    name : str
        How users call it.
    polarity : mapping
        Kinds of neurons of a unit; the spike of the first means "unit is up".
    carrier : mapping
        For either sign of an effect on a neuron: the kind that carries it and whether its
        synapses excite (+1) or inhibit (-1).
    source : mapping
        For either sign: the suffix of the input or supervisory population that carries it.
    """

    name: str
    polarity: Mapping[str, Sign]
    carrier: Mapping[Sign, tuple[str, Sign]]
    source: Mapping[Sign, str]

    @property
    def decoder(self) -> str:
        """The kind whose spike means "unit is up"."""
        return next(iter(self.polarity))

    @property
    def antagonistic(self) -> bool:
        """Whether some neurons spike when their unit is down."""
        return -1 in self.polarity.values()


SIGNED = Encoding(
    name="signed",
    polarity={"S": 1},
    carrier={1: ("S", 1), -1: ("S", -1)},
    source={1: "", -1: ""},
)
DALE = Encoding(
    name="dale",
    polarity={"E": 1, "I": 1},
    carrier={1: ("E", 1), -1: ("I", -1)},
    source={1: "_E", -1: "_I"},
)
PUSHPULL = Encoding(
    name="pushpull",
    polarity={"ON": 1, "OFF": -1},
    carrier={1: ("ON", 1), -1: ("OFF", 1)},
    source={1: "_E", -1: "_I"},
)
MIRROR = "mirror"  # of graded neurons: ON and OFF of a unit, see `integrator_graph`
ENCODINGS = {encoding.name: encoding for encoding in (SIGNED, DALE, PUSHPULL)}


def encoding_named(name: str) -> Encoding:
    """Look an encoding up.

    Raises
    ------
    BadInput
        There is none of that name.
    """
    if name not in ENCODINGS:
        message = f"unknown encoding {name!r}; allowed: {', '.join(ENCODINGS)}"
        raise BadInput(message)
    return ENCODINGS[name]
