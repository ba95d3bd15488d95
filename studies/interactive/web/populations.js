// Populations as boxes and projections as wires, laid out by Python; what concerns the chosen neuron is lit.

import { svg } from "./dom.js";

const CORNER = 7;
const ARROW = 10;
const FILLS = ["excitatory", "inhibitory", "mixed", "silent", "source", "readout"];

export function populations(graph, chosen, onpick) {
  const lit = new Set(
    graph.projections.filter((p) => p.target === chosen || p.source === chosen).map((p) => p.name),
  );
  const wires = graph.wires.toSorted((a, b) => a.thickness - b.thickness);
  const drawing = svg(
    "svg",
    {
      viewBox: `0 0 ${graph.width} ${graph.height}`,
      role: "group",
      "aria-label": `Populations of ${graph.name}: ${graph.summary}`,
    },
    wires.map((w) => wire(w, lit.has(w.name))),
    graph.boxes.map((b) => box(b, b.name === chosen, onpick)),
  );
  drawing.style.minWidth = `${Math.min(graph.width, 640)}px`;
  return drawing;
}

function wire({ points: [a, b, c, d], sign, label, thickness, direction, name }, lit) {
  const down = c[1] > b[1] ? CORNER : -CORNER;
  const turn = CORNER * direction;
  const end = d[0] - direction * ARROW;
  const path =
    `M${a[0]},${a[1]} H${b[0] - CORNER} Q${b[0]},${b[1]} ${b[0]},${b[1] + down} ` +
    `V${c[1] - down} Q${c[0]},${c[1]} ${c[0] + turn},${c[1]} H${end}`;
  const head =
    sign > 0
      ? svg("path", { class: "head", d: `M${end},${d[1] - 5} L${d[0]},${d[1]} L${end},${d[1] + 5} Z` })
      : svg("circle", { class: "head", cx: d[0] - direction * 5, cy: d[1], r: 5 });
  const x = d[0] - direction * 18;
  const anchor = direction > 0 ? "end" : "start";
  return svg(
    "g",
    { class: `wire ${sign > 0 ? "plus" : "minus"}${lit ? " lit" : ""}` },
    svg("title", {}, name),
    svg("path", { class: "line", d: path, "stroke-width": thickness }),
    head,
    svg("text", { x, y: d[1] - thickness / 2 - 4.5, "text-anchor": anchor }, label[0]),
    svg("text", { x, y: d[1] + thickness / 2 + 12, "text-anchor": anchor }, label[1]),
  );
}

function box({ name, lines, kind, x, y, width, height }, chosen, onpick) {
  const pick = () => onpick(name);
  const middle = x + width / 2;
  return svg(
    "g",
    {
      class: `box ${FILLS.includes(kind) ? kind : "mixed"}${chosen ? " lit" : ""}`,
      role: "button",
      tabindex: 0,
      "aria-pressed": String(chosen),
      "aria-label": `population ${name}: ${lines.join(", ")}`,
      onclick: pick,
      onkeydown: (event) => event.key === "Enter" && pick(),
    },
    svg("rect", { x, y, width, height, rx: 6 }),
    svg("text", { class: "name", x: middle, y: y + height / 2 - 12, "text-anchor": "middle" }, name),
    svg("text", { x: middle, y: y + height / 2 + 6, "text-anchor": "middle" }, lines[0]),
    svg("text", { x: middle, y: y + height / 2 + 22, "text-anchor": "middle" }, lines[1]),
  );
}
