"""The populations of a graph in the language of Graphviz."""

from __future__ import annotations

from spinspike.mapping.graph.graph import SynapseGraph

from .layout import kind_of, label_of, lines_of, thickness_of
from .networkx_view import population_view
from .svg import EXCITES, FILLS, INHIBITS, INK


def to_dot(graph: SynapseGraph) -> str:
    """Write populations as nodes and projections as edges, in the colours of `to_svg`.

    Parameters
    ----------
    graph : SynapseGraph

    Returns
    -------
    str
        One statement a line, for ``dot -Tsvg`` or any other program that reads this language.

    Examples
    --------
    >>> import numpy as np
    >>> from spinspike.mapping.mapper import map_network
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> network = from_arrays([[1., 1.], [-.5, 1.]], np.eye(2), np.eye(2), np.eye(2))
    >>> dot = to_dot(map_network(network))
    >>> dot.splitlines()[0], '"I" -> "E"' in dot
    ('digraph populations {', True)
    """
    view = population_view(graph)
    lines = [
        "digraph populations {",
        "  rankdir=LR;",
        f'  node [shape=box, style="rounded,filled", fontname="Helvetica", fontcolor="{INK}"];',
        f'  edge [fontname="Helvetica", fontsize=10, fontcolor="{INK}"];',
    ]
    for name, data in view.nodes(data=True):
        fill, border = FILLS[kind_of(data)]
        label = _quoted(name, *lines_of(data))
        lines.append(f'  {_quoted(name)} [label={label}, fillcolor="{fill}", color="{border}"];')
    for source, target, data in view.edges(data=True):
        excites = data["sign"] > 0
        lines.append(
            f"  {_quoted(source)} -> {_quoted(target)} [label={_quoted(*label_of(source, data))}, "
            f'color="{EXCITES if excites else INHIBITS}", '
            f"arrowhead={'normal' if excites else 'dot'}, penwidth={thickness_of(data):.2f}];"
        )
    return "\n".join([*lines, "}\n"])


def _quoted(*lines: str) -> str:
    r"""Lines of text as one string, in which Graphviz ends a line with ``\n``."""
    clean = ("".join(c if c.isprintable() else "\ufffd" for c in line) for line in lines)
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in clean)
    return '"' + "\\n".join(escaped) + '"'
