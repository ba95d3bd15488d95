"""The populations of a graph as a picture: SVG that any browser shows, no other program needed."""

from __future__ import annotations

from xml.sax.saxutils import escape

from spinspike.mapping.graph.graph import SynapseGraph

from .layout import MARGIN, NAME_SIZE, TEXT_SIZE, Box, Kind, Point, Wire, arrange, text_width
from .networkx_view import population_view

INK = "#22313f"
EXCITES, INHIBITS = "#1d5b94", "#b5341f"  # at least 5 to 1 against white, and apart for all eyes
FILLS: dict[Kind, tuple[str, str]] = {  # inside and border of a box
    "excitatory": ("#dce9f5", EXCITES),
    "inhibitory": ("#f8dfda", INHIBITS),
    "mixed": ("#e8e1f2", "#5f4b8b"),
    "silent": ("#eef0f2", "#5c6975"),
    "source": ("#fcf1d4", "#7a5f16"),
    "readout": ("#e2f0e5", "#2f6b3a"),
}
CORNER, ARROW, FOOT = 7.0, 10.0, 56.0
LEGEND = "labels: role and number of synapses, their weights · the unit these are multiples of"


def to_svg(graph: SynapseGraph) -> str:
    """Draw populations as boxes and projections as wires.

    Excitatory wires are blue and end in an arrow, inhibitory ones are red and end in a disc;
    their width grows with the logarithm of the number of synapses. A label names the role, the
    number of synapses, the range of their weights and the unit that these are multiples of.

    Parameters
    ----------
    graph : SynapseGraph

    Returns
    -------
    str
        A self-contained ``<svg>`` element; write it to a file or put it into a page as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from spinspike.mapping.mapper import map_network
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> network = from_arrays([[1., 1.], [-.5, 1.]], np.eye(2), np.eye(2), np.eye(2))
    >>> to_svg(map_network(network))[:4]
    '<svg'
    """
    layout = arrange(population_view(graph))
    wires = sorted(layout.wires, key=lambda wire: wire.thickness)  # the thickest on top
    width = max(layout.width, text_width(LEGEND, TEXT_SIZE) + 2 * MARGIN)
    height = layout.height + FOOT
    title = f"{graph.neurons:,} neurons, {graph.synapses:,} synapses, encoding {graph.encoding}"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}" fill="{INK}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="{TEXT_SIZE:g}">'
    )
    return "\n".join(
        [
            opening,
            f"<title>Populations and projections: {_escaped(title)}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *(_bend(wire) for wire in wires),
            *(_wire(wire) for wire in wires),
            *(_label(wire) for wire in wires),
            *(_box(box) for box in layout.boxes),
            _legend(layout.height),
            "</svg>\n",
        ]
    )


def _escaped(text: str) -> str:
    """Text for XML, which takes no control characters, not even escaped."""
    seen = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return escape(seen, {'"': "&quot;"})


def _bend(wire: Wire) -> str:
    """What a wire does in its lane: up or down, around both corners."""
    (_, y0), (lane, _), _, (_, y1) = wire.points
    down, turn = (CORNER if y1 > y0 else -CORNER), CORNER * wire.direction
    path = (
        f"M{lane - CORNER - 1:g},{y0:g} H{lane - CORNER:g} "
        f"Q{lane:g},{y0:g} {lane:g},{y0 + down:g} V{y1 - down:g} "
        f"Q{lane:g},{y1:g} {lane + turn:g},{y1:g} h{wire.direction}"
    )
    return f'<path d="{path}" fill="none" {_stroke(wire)}/>'


def _wire(wire: Wire) -> str:
    """The rest: out of the source and into the target, through white gaps in the lanes."""
    (x0, y0), (lane, _), _, (x1, y1) = wire.points
    turn = CORNER * wire.direction
    path = f"M{x0:g},{y0:g} H{lane - CORNER:g} M{lane + turn:g},{y1:g} H{x1 - turn:g}"
    gap = f'stroke="#ffffff" stroke-width="{wire.thickness + 5:.2f}"'
    return (
        f'<g class="projection"><title>{_escaped(wire.name)}</title><path d="{path}" {gap}/>'
        f'<path d="{path}" {_stroke(wire)}/>{_head(wire.points[3], wire.direction, wire.sign)}</g>'
    )


def _stroke(wire: Wire) -> str:
    return f'stroke="{_colour(wire.sign)}" stroke-width="{wire.thickness:.2f}"'


def _colour(sign: int) -> str:
    return EXCITES if sign > 0 else INHIBITS


def _head(tip: Point, direction: int, sign: int) -> str:
    """An arrow where it excites, a disc where it inhibits."""
    x, y = tip
    back, wing = x - direction * ARROW, 0.6 * ARROW
    if sign > 0:
        corners = f"{x:g},{y:g} {back:g},{y - wing:g} {back:g},{y + wing:g}"
        return f'<polygon points="{corners}" fill="{EXCITES}"/>'
    return f'<circle cx="{(x + back) / 2:g}" cy="{y:g}" r="{ARROW / 2:g}" fill="{INHIBITS}"/>'


def _text(text: str, at: Point, anchor: str = "start", style: str = "") -> str:
    return (
        f'<text x="{at[0]:g}" y="{at[1]:g}" text-anchor="{anchor}"{style}>{_escaped(text)}</text>'
    )


def _label(wire: Wire) -> str:
    anchor = "end" if wire.direction > 0 else "start"
    lines = zip(wire.label, wire.label_at, strict=True)
    return f'<g class="label">{"".join(_text(line, at, anchor) for line, at in lines)}</g>'


def _box(box: Box) -> str:
    fill, border = FILLS[box.kind]
    x, y = box.x + box.width / 2, box.y + box.height / 2
    bold = f' font-size="{NAME_SIZE:g}" font-weight="bold"'
    lines = (_text(line, (x, y + 8 + 17 * k), "middle") for k, line in enumerate(box.lines))
    return (
        f'<g class="population"><rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="{18 if box.kind == "source" else 6}" fill="{fill}" '
        f'stroke="{border}" stroke-width="2"/>'
        f"{_text(box.name, (x, y - 12), 'middle', bold)}{''.join(lines)}</g>"
    )


def _legend(top: float) -> str:
    """What wires and labels mean, in two lines."""
    x, y = MARGIN, top + 8
    parts = []
    for sign, meaning in ((1, "excites"), (-1, "inhibits")):
        line = f'x1="{x:g}" y1="{y:g}" x2="{x + 30:g}" y2="{y:g}" stroke="{_colour(sign)}"'
        parts.append(f'<line {line} stroke-width="2.5"/>{_head((x + 36, y), 1, sign)}')
        parts.append(_text(meaning, (x + 44, y + 4)))
        x += 120
    parts.append(_text("thicker: more synapses", (x, y + 4)))
    return f'<g class="legend">{"".join(parts)}{_text(LEGEND, (MARGIN, y + 28))}</g>'
