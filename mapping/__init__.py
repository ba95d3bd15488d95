"""From a reference network to a synapse graph that a chip can hold, with proof.

- `mapper` — the whole way: round (`quantise`) or `consolidate`, `assemble`, check (`ranges`);
- `rounding` — the settings; `row_scale` — how far a row may be scaled; `integers` — what comes out;
- `encoding` — how a unit becomes neurons: signed, dale or pushpull; `relay` — without autapses;
- `graph` — the synapse graph and the integer equation every step simulator obeys;
- `codec` — images in, classes out;
- `certificate` — integer margins: which fixed points the graph holds for certain; `robustness` —
  what they withstand (`flips`, `tolerance`); `attack` — how tight that is; `bit_width` — fewest bits;
- `null` — graphs whose couplings mean nothing;
- `target` — what a chip can hold, from YAML; `limits` — does a graph fit it; `placement` — neurons
  on cores; `synapse_memory` — what they take there;
- `view` — networkx views; `picture` — as SVG, which `layout` lays out; `dot` — for Graphviz;
- `integrator_graph` — a linear network as pairs of graded neurons: `integrator_step` — what a step
  multiplies by; `integrator_rounding` — so that the memory keeps its time-scale;
- `unit_network` — a graph as a network of spins again, to explore its landscape;
- `delays` — spikes that arrive late; `wiring`, `membrane` — the steps of a chip;
- `graph_file` — the ``*.h5`` artefact; `nir_network` — the graph as NIR and back, `nir_import` — of
  other tools, `nir_file` — read without trust; `energy` — what a placed graph costs.
"""

from .certificate import certified, integer_margins, weakest_units
from .codec import decode, drive
from .dot import to_dot
from .encoding import DALE, ENCODINGS, PUSHPULL, SIGNED, Encoding
from .graph import Ends, Population, Projection, SynapseGraph
from .graph_file import load, save
from .limits import Finding
from .limits import check as check_limits
from .mapper import map_network
from .null import permuted_couplings, without_couplings
from .picture import to_svg
from .placement import Placement, place
from .ranges import check_ranges
from .relay import without_autapses
from .rounding import Rounding
from .target import Target, load_target
from .view import population_view, to_networkx

__all__ = [
    "DALE",
    "ENCODINGS",
    "PUSHPULL",
    "SIGNED",
    "Encoding",
    "Ends",
    "Finding",
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
    "drive",
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
