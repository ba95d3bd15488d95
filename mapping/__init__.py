"""From a reference network to a synapse graph that a chip can hold, with proof.

- `graph` — the synapse graph and the integer equation every step simulator obeys;
- `quantise` — integer weights, one scale per unit; `dale` — units become E/I twins;
- `codec` — images in, classes out; `ranges` — does every number fit the chip;
- `certificate` — integer margins: which fixed points the graph holds for certain;
- `null` — graphs whose couplings mean nothing; `view` — networkx views;
- `graph_file` — the ``*.h5`` artefact.
"""

from .certificate import certified, integer_margins, weakest_units
from .codec import decode, encode
from .dale import dale
from .graph import Ends, Population, Projection, SynapseGraph
from .graph_file import load, save
from .null import permuted_couplings, without_couplings
from .ranges import check_ranges
from .view import neuron_view, population_view

__all__ = [
    "Ends",
    "Population",
    "Projection",
    "SynapseGraph",
    "certified",
    "check_ranges",
    "dale",
    "decode",
    "encode",
    "integer_margins",
    "load",
    "neuron_view",
    "permuted_couplings",
    "population_view",
    "save",
    "weakest_units",
    "without_couplings",
]
