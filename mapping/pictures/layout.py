"""Where everything lies in a picture of the populations: boxes in columns, wires in lanes.

Sources stand on the left, threshold populations in the middle, the readout on the right. Each
population sends one wire for each sign into the gutter on its right, where the wire has a lane of
its own and branches to its targets; recurrent branches come back. Every branch ends in a row of
its own inside its label, so that labels meet neither wires nor boxes. Lengths are in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Any, Literal, cast

from spinspike.mapping.graph.encoding import Sign
from spinspike.mapping.graph.graph import INNER

if TYPE_CHECKING:
    import networkx as nx

Kind = Literal["excitatory", "inhibitory", "mixed", "silent", "source", "readout"]
Point = tuple[float, float]
Port = str | tuple[str, Sign]  # a projection coming in; a population and the sign going out
Edges = Mapping[str, tuple[str, str, dict[str, Any]]]  # projection: source, target, attributes

ROW, LANE, MARGIN, HEAD = 38.0, 15.0, 24.0, 18.0
NAME_SIZE, TEXT_SIZE = 15.0, 12.0
NARROW, WIDE = (
    frozenset(" .,:;·'|!iljtfr()[]"),
    frozenset("mwMW@%CDGHNOQU"),
)  # letters of most typefaces
COLUMN = {"supervisory": 0, "input": 0, "threshold": 1, "graded": 1, "readout": 2}


@dataclass(frozen=True)
class Box:
    """A population, its name and two lines about it."""

    name: str
    lines: tuple[str, str]
    kind: Kind
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Wire:
    """A projection: out of a box, along a lane, into a box, around two corners."""

    name: str
    sign: Sign
    label: tuple[str, str]  # above it and below
    points: tuple[Point, Point, Point, Point]
    thickness: float

    @property
    def direction(self) -> int:
        """+1: it ends at the left side of a box; -1: at the right side."""
        return 1 if self.points[3][0] > self.points[2][0] else -1

    @property
    def label_at(self) -> tuple[Point, Point]:
        """Where the base lines of the label end, or begin if the direction is -1."""
        x, y = self.points[3]
        x, away = x - self.direction * HEAD, self.thickness / 2
        return (x, y - away - 4.5), (x, y + away + TEXT_SIZE)


@dataclass(frozen=True)
class Layout:
    """All of a picture."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Sides:
    """What enters a box from the left, and what leaves it and returns on the right."""

    left: list[Port]
    right: list[Port]

    @property
    def rows(self) -> int:
        return max(2, len(self.left), len(self.right))

    def heights(self, top: float) -> dict[Port, float]:
        """Where each port lies in a box that begins at ``top``."""
        return {
            port: top + ROW * ((self.rows - len(side)) // 2 + k + 0.5)
            for side in (self.left, self.right)
            for k, port in enumerate(side)
        }


def arrange(view: nx.MultiDiGraph) -> Layout:
    """Lay out what `population_view` made; equal views have equal layouts."""
    edges: Edges = {name: (s, t, data) for s, t, name, data in view.edges(keys=True, data=True)}
    columns: list[list[str]] = [[], [], []]
    for name, neuron in view.nodes(data="neuron"):
        columns[COLUMN[neuron]].append(name)
    sides = {name: _sides(view, name) for name in view}
    rows = [sum(sides[name].rows + 1 for name in column) for column in columns]
    boxes: dict[str, Box] = {}
    heights: dict[Port, float] = {}
    lanes: dict[Port, float] = {}
    right = MARGIN
    for number, column in enumerate(columns):
        left = right + _room(edges, (p for name in column for p in sides[name].left))
        width = max((_box_width(name, view.nodes[name]) for name in column), default=0.0)
        # Half a row apart, wires that leave a column never run along those that enter the next.
        row = (max(rows) - rows[number]) // 2 + (0.0 if number == 1 else 0.5)
        for name in column:
            top, height = MARGIN + ROW * row, ROW * sides[name].rows
            boxes[name] = _box(name, view.nodes[name], (left, top, width, height))
            heights |= sides[name].heights(top)
            row += sides[name].rows + 1
        ports = [port for name in column for port in sides[name].right]
        right = left + width + _room(edges, ports)
        outgoing = [port for port in ports if isinstance(port, tuple)]
        lanes |= {port: right + LANE * (k + 1) for k, port in enumerate(outgoing)}
        right += LANE * (len(outgoing) + 1) if outgoing else 0.0
    wires = (_wire(name, edge, boxes, heights, lanes) for name, edge in edges.items())
    below = max(box.y + box.height for box in boxes.values())
    return Layout(tuple(boxes.values()), tuple(wires), right + MARGIN, below + MARGIN)


def kind_of(data: Mapping[str, Any]) -> Kind:
    """What a population is drawn as: its sign, if it has one, or its place at an end."""
    if data["neuron"] in INNER:
        signs = bool(data["excitatory"]), bool(data["inhibitory"])
        kinds: dict[tuple[bool, bool], Kind] = {
            (True, False): "excitatory",
            (False, True): "inhibitory",
            (True, True): "mixed",
        }
        return kinds.get(signs, "silent")
    return "readout" if data["neuron"] == "readout" else "source"


def lines_of(data: Mapping[str, Any]) -> tuple[str, str]:
    """Size, and what kind of neurons a population has."""
    kind, neuron = kind_of(data), str(data["neuron"])
    named = f"{kind} {neuron}" if neuron in INNER else neuron
    return f"{data['size']:,} neuron{'' if data['size'] == 1 else 's'}", named


def label_of(source: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """Source, role and number of synapses; their weights and the unit these are multiples of."""
    whence = "" if data["role"] in ("supervisory", "input") else f"{source}: "
    weak, strong = sorted((data["smallest"], data["largest"]), key=abs)
    weights = f"{weak:+,}" if weak == strong else f"{weak:+,} to {strong:+,}"
    below = f"{weights} · unit {2 ** data['exponent']}".replace("-", "\N{MINUS SIGN}")
    return f"{whence}{data['role']} {data['synapses']:,}", below


def thickness_of(data: Mapping[str, Any]) -> float:
    """1 for one synapse, and 0.6 more for ten times as many."""
    return 1 + 0.6 * log10(max(1, data["synapses"]))


def text_width(text: str, size: float) -> float:
    """Width that a text never exceeds, whichever sans-serif typeface a viewer has."""
    widths = (0.42 if c in NARROW else 1.0 if c in WIDE or not c.isascii() else 0.65 for c in text)
    return size * sum(widths)


def _sides(view: nx.MultiDiGraph, name: str) -> _Sides:
    column = COLUMN[view.nodes[name]["neuron"]]
    left: list[Port] = []
    right: list[Port] = [
        (name, cast(Sign, sign))
        for sign, count in ((1, "excitatory"), (-1, "inhibitory"))
        if view.nodes[name][count]
    ]
    for source, _, key in view.in_edges(name, keys=True):
        returns = COLUMN[view.nodes[source]["neuron"]] == column
        (right if returns else left).append(key)
    return _Sides(left, right)


def _room(edges: Edges, ports: Iterable[Port]) -> float:
    """Width that the labels of projections need beside a column."""
    widths = [
        text_width(line, TEXT_SIZE) + HEAD + LANE / 2
        for port in ports
        if isinstance(port, str)
        for line in label_of(edges[port][0], edges[port][2])
    ]
    return max(widths, default=0.0)


def _box_width(name: str, data: Mapping[str, Any]) -> float:
    texts = (text_width(line, TEXT_SIZE) for line in lines_of(data))
    return max(text_width(name, NAME_SIZE), *texts) + MARGIN


def _box(name: str, data: Mapping[str, Any], place: tuple[float, float, float, float]) -> Box:
    return Box(name, lines_of(data), kind_of(data), *place)


def _wire(
    name: str,
    edge: tuple[str, str, dict[str, Any]],
    boxes: Mapping[str, Box],
    heights: Mapping[Port, float],
    lanes: Mapping[Port, float],
) -> Wire:
    source, target, data = edge
    port = source, data["sign"]
    begin, end, lane = boxes[source], boxes[target], lanes[port]
    return Wire(
        name=name,
        sign=data["sign"],
        label=label_of(source, data),
        points=(
            (begin.x + begin.width, heights[port]),
            (lane, heights[port]),
            (lane, heights[name]),
            (end.x if end.x > lane else end.x + end.width, heights[name]),
        ),
        thickness=thickness_of(data),
    )
