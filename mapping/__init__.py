"""From a reference network to a synapse graph that a chip can hold, with proof.

- `mapper` — the whole way, from a network with its fixed points to a checked graph;
- `graph` — the synapse graph: populations, projections, the integer equation of every step;
- `quantisation` — weights become integers, rounded or learned once more;
- `certificates` — what a graph holds for certain, and what that withstands;
- `chips` — what a chip can hold, neurons on its cores, what that costs;
- `nir` — the graph as NIR and back, NIR of others; `pictures` — to be looked at;
- `integrator` — a linear network as pairs of graded neurons.
"""

from .certificates.margins import certified, integer_margins, weakest_units
from .chips.limits import Finding
from .chips.limits import check as check_limits
from .chips.placement import Placement, place
from .chips.target import Target, load_target
from .graph.codec import decode, external_field
from .graph.encoding import DALE, ENCODINGS, PUSHPULL, SIGNED, Encoding
from .graph.graph import IOMap, Population, Projection, SynapseGraph
from .graph.graph_file import load, save
from .graph.nulls import permuted_couplings, without_couplings
from .graph.registers import check_ranges
from .graph.relay import without_autapses
from .mapper import map_network
from .pictures.graphviz import to_dot
from .pictures.networkx_view import population_view, to_networkx
from .pictures.svg import to_svg
from .quantisation.rounding import Rounding

__all__ = [
    "DALE",
    "ENCODINGS",
    "PUSHPULL",
    "SIGNED",
    "Encoding",
    "Finding",
    "IOMap",
    "Placement",
    "Population",
    "Projection",
    "Rounding",
    "SynapseGraph",
    "Target",
    "certified",
    "check_limits",
    "check_ranges",
    "decode",
    "external_field",
    "integer_margins",
    "load",
    "load_target",
    "map_network",
    "permuted_couplings",
    "place",
    "population_view",
    "save",
    "to_dot",
    "to_networkx",
    "to_svg",
    "weakest_units",
    "without_autapses",
    "without_couplings",
]
