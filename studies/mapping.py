"""What a mapping came to."""

from __future__ import annotations

from typing import Any

from spinspike.mapping import SynapseGraph, certified, weakest_units


def mapping_summary(graph: SynapseGraph) -> dict[str, Any]:
    """Sizes of a graph and the certificates of its fixed points."""
    certificates = {}
    for run, points in graph.fixed_points.items():
        if len(points):
            margins, units = weakest_units(graph, points)
            worst = int(margins.argmin())
            certificates[run] = {
                "fixed_points": len(points),
                "certified": int(certified(graph, points).sum()),
                "smallest_margin": int(margins[worst]),
                "weakest_unit": int(units[worst]),
                "median_smallest_margin": float(sorted(margins)[len(margins) // 2]),
            }
    return {
        "encoding": graph.encoding,
        "weight_bits": graph.weight_bits,
        "integers": graph.provenance.get("integers"),
        "units": graph.units,
        "neurons": graph.neurons,
        "synapses": graph.synapses,
        "projections": [
            {"name": p.name, "sign": p.sign, "exponent": p.exponent, "synapses": p.mantissa.size}
            for p in graph.projections
        ],
        "certificates": certificates,
    }
